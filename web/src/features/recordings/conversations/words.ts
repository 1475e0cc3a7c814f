/** A conversation in words. */
import { useTranslation } from "react-i18next";
import type { ArchivedConversation } from "../../../api/archive";
import { useNameOf } from "../../users";

/** The name of a group, else who is in it. */
export function useTitleOf(): (conversation: Pick<ArchivedConversation, "name" | "people">) => string {
  const { i18n } = useTranslation();
  const nameOf = useNameOf();
  return ({ name, people }) => name ?? new Intl.ListFormat(i18n.language).format(people.map(({ user_id }) => nameOf(user_id)));
}
