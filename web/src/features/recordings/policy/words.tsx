/** A rule of the recording policy in words. */
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { RecordingRule } from "../../../api/recordings";
import { useKeptWords } from "../../../i18n/keptWords";
import { useNameOf } from "../../users";
import { ConversationName } from "./ConversationName";

function useMatchWords(): (match: RecordingRule["match"]) => ReactNode {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  return (match) => {
    switch (match.type) {
      case "everybody":
        return t("recordingAdmin.who.everybody");
      case "role":
        return t("recordingAdmin.who.role", { role: t(`role.${match.role}`) });
      case "user":
        return t("recordingAdmin.who.user", { name: nameOf(match.user_id) });
      case "conversation":
        return <ConversationName id={match.conversation_id} />;
    }
  };
}

/** For whom, which calls, who turns it on, how long it is kept: what goes without saying is left out. */
export function useRuleDetails(): (rule: RecordingRule) => ReactNode {
  const { t } = useTranslation();
  const match = useMatchWords();
  const kept = useKeptWords();
  return (rule) => {
    const parts = [match(rule.match)];
    if (rule.direction !== "any") parts.push(t(`recordingAdmin.directionShort.${rule.direction}`));
    if (rule.mode === "on_demand") parts.push(t("recordingAdmin.byShort", { roles: rule.by.map((role) => t(`role.${role}`)).join(", ") }));
    if (rule.retention_days !== null) parts.push(t("recordingAdmin.keptShort", { span: kept(rule.retention_days) }));
    return (
      <span>
        {parts.map((part, i) => (
          <Fragment key={i}>
            {i > 0 && " · "}
            {part}
          </Fragment>
        ))}
      </span>
    );
  };
}
