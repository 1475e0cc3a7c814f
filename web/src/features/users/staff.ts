/** Staff by id, and as a list to choose from. */
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useUsers } from "./people";

/** An id of nobody that is known is its own name. */
export function useNameOf(): (id: string) => string {
  const { data } = useUsers();
  const names = useMemo(() => new Map((data ?? []).map((user) => [user.id, user.name])), [data]);
  return useCallback((id) => names.get(id) ?? id, [names]);
}

/** Active staff, by name. */
export function useStaffOptions(): { value: string; label: string }[] {
  const { i18n } = useTranslation();
  const { data } = useUsers();
  return useMemo(() => {
    const byName = new Intl.Collator(i18n.language).compare;
    return (data ?? [])
      .filter((user) => user.deactivated_at == null)
      .map(({ id, name, login }) => ({ value: id, label: `${name} (${login})` }))
      .sort((a, b) => byName(a.label, b.label));
  }, [data, i18n.language]);
}
