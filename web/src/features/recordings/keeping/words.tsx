/** A rule about messages in words. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { ChatRetentionRule } from "../../../api/archive";
import { useKeptWords } from "../../../i18n/keptWords";
import { useNameOf } from "../../users";
import { ConversationName } from "../policy/ConversationName";

export function useSpanWords(): (days: number | null | undefined) => string {
  const { t } = useTranslation();
  const kept = useKeptWords();
  return (days) => (days == null ? t("archive.policy.forever") : t("archive.policy.span", { span: kept(days) }));
}

export function useWhichWords(): (match: ChatRetentionRule["match"]) => ReactNode {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  return (match) => {
    switch (match.type) {
      case "everybody":
        return t("archive.policy.who.everybody");
      case "role":
        return t("archive.policy.who.role", { role: t(`role.${match.role}`) });
      case "user":
        return t("archive.policy.who.user", { name: nameOf(match.user_id) });
      case "conversation":
        return <ConversationName id={match.conversation_id} />;
    }
  };
}
