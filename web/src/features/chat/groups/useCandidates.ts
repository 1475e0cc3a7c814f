/** Whom one can have in a group: active colleagues who are not in it, by name. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { ListedUser } from "../../../api/types";
import { useUsers } from "../../users";

export function useCandidates(without: readonly string[]): ListedUser[] {
  const { i18n } = useTranslation();
  const { data } = useUsers();
  return useMemo(() => {
    const byName = new Intl.Collator(i18n.language).compare;
    const taken = new Set(without);
    return (data ?? [])
      .filter(({ id, deactivated_at }) => deactivated_at == null && !taken.has(id))
      .sort((a, b) => byName(a.name, b.name));
  }, [data, without, i18n.language]);
}
