/** What changed in a group, in words. */
import { useTranslation } from "react-i18next";
import type { Notice, User } from "../../api/types";

export type Names = ReadonlyMap<string, Pick<User, "name">>;

export function useNoticeWords(me: string, names: Names): (notice: Notice, senderId: string) => string {
  const { t, i18n } = useTranslation();
  const nameOf = (id: string): string => (id === me ? t("notice.you") : (names.get(id)?.name ?? "…"));
  const list = (ids: readonly string[]): string => new Intl.ListFormat(i18n.language).format(ids.map(nameOf));
  return (notice, senderId) => {
    const name = names.get(senderId)?.name ?? "…";
    const group = "name" in notice ? notice.name : "";
    const who = "user_ids" in notice ? list(notice.user_ids) : "user_id" in notice ? list([notice.user_id]) : "";
    if (notice.what === "owner_changed" && notice.user_id === me) return t("notice.owner_changedToYou");
    return t(senderId === me ? `notice.${notice.what}ByYou` : `notice.${notice.what}`, { name, group, who });
  };
}
