/** A conversation of a rule by its name, for admins; officers, who may not ask for it, see its number. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { findConversations, type NamedConversation } from "../../../api/conversationNames";
import { useMe, useNameOf } from "../../users";

export function useConversationWords(): (one: NamedConversation) => string {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  return ({ name, user_ids }) => {
    const [caller = "", callee = ""] = user_ids.map(nameOf);
    return name ?? t("recordings.between", { caller, callee });
  };
}

export function ConversationName({ id }: { id: string }) {
  const { t } = useTranslation();
  const words = useConversationWords();
  const mayAsk = useMe().role === "admin";
  const { data } = useQuery({ queryKey: ["conversation-name", id], queryFn: () => findConversations({ id }), staleTime: Infinity, enabled: mayAsk });
  const one = data?.[0];
  return one === undefined ? t("recordingAdmin.who.conversation", { id }) : words(one);
}
