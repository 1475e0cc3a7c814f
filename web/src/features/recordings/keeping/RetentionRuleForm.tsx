/** A rule about how long the messages of some conversations are kept. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ChatRetentionRule } from "../../../api/archive";
import { draftRules, nameProblem } from "../../../lib/rules";
import { RuleSheet } from "../../../ui/rules/RuleSheet";
import { isSpan } from "../policy/draft";
import { KeepOrForever } from "../policy/KeepChoice";
import { MatchField, matchOf, typedMatch } from "../policy/MatchField";

export interface RetentionRuleFormProps {
  /** Null: a new one. */
  edited: ChatRetentionRule | null;
  /** All but the one that is edited. */
  others: readonly ChatRetentionRule[];
  onDone(rule: ChatRetentionRule): void;
  onClose(): void;
}

export function RetentionRuleForm({ edited, others, onDone, onClose }: RetentionRuleFormProps) {
  const { t } = useTranslation();
  const [name, setName] = useState(edited?.name ?? "");
  const [match, setMatch] = useState(() => typedMatch(edited?.match));
  const [days, setDays] = useState(edited?.retention_days ?? null);
  const [tried, setTried] = useState(false);
  const badName = nameProblem(name, draftRules(others), null);
  const badDays = days !== null && !isSpan(days);
  const noUser = match.type === "user" && match.userId === "";
  const noConversation = match.type === "conversation" && match.conversationId.trim() === "";
  return (
    <RuleSheet
      fresh={edited === null}
      name={{ value: name, hint: t("archive.policy.nameHint"), error: tried && badName !== null ? t(`rules.nameProblem.${badName}`) : null, onChange: setName }}
      valid={badName === null && !badDays && !noUser && !noConversation}
      onTry={() => setTried(true)}
      onDone={() => onDone({ name: name.trim(), match: matchOf({ ...match, conversationId: match.conversationId.trim() }), retention_days: days })}
      onClose={onClose}
    >
      <MatchField
        label={t("archive.policy.match")}
        typed={match}
        problems={tried ? { ...(noUser && { user: true }), ...(noConversation && { conversation: true }) } : {}}
        set={(change) => setMatch({ ...match, ...change })}
      />
      <KeepOrForever label={t("archive.policy.keep")} days={days} wrong={tried && badDays} onChange={setDays} />
    </RuleSheet>
  );
}
