/** A rule that is made or changed. It goes into the draft only when it makes sense. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecordingRule, RecordingRuleMatch } from "../../../api/recordings";
import type { Role } from "../../../api/types";
import type { DraftRule } from "../../../lib/rules";
import { RuleSheet } from "../../../ui/rules/RuleSheet";
import { Segmented } from "../../../ui/Segmented";
import { SelectField } from "../../../ui/SelectField";
import { Switch } from "../../../ui/Switch";
import { useStaffOptions } from "../../users";
import { ConversationField } from "./ConversationField";
import { problemsOf, tidy, valueOf, type Draft, type RuleProblems } from "./draft";
import { KeepChoice } from "./KeepChoice";

const ROLES: readonly Role[] = ["employee", "manager", "compliance", "admin"];
const TYPES = ["everybody", "role", "user", "conversation"] as const;
type MatchType = (typeof TYPES)[number];
const DIRECTIONS = ["any", "outgoing", "incoming"] as const;
const MODES = ["always", "on_demand"] as const;

/** All that was typed, whichever of it counts. */
interface Typed extends Omit<RecordingRule, "match"> {
  type: MatchType;
  role: Role;
  userId: string;
  conversationId: string;
}

function typedOf(rule: RecordingRule | undefined): Typed {
  const empty: Typed = { name: "", type: "everybody", role: "employee", userId: "", conversationId: "", direction: "any", mode: "always", by: [], retention_days: null };
  if (rule === undefined) return empty;
  const { match, ...rest } = rule;
  const value = valueOf(match);
  return {
    ...empty,
    ...rest,
    type: match.type,
    ...(match.type === "role" && { role: match.role }),
    ...(match.type === "user" && { userId: value }),
    ...(match.type === "conversation" && { conversationId: value }),
  };
}

function ruleOf({ type, role, userId, conversationId, ...rest }: Typed): RecordingRule {
  const matches: Record<MatchType, RecordingRuleMatch> = {
    everybody: { type: "everybody" },
    role: { type: "role", role },
    user: { type: "user", user_id: userId },
    conversation: { type: "conversation", conversation_id: conversationId },
  };
  return tidy({ ...rest, match: matches[type] });
}

export interface RuleFormProps {
  draft: Draft;
  /** Null: a new one. */
  edited: DraftRule<RecordingRule> | null;
  onDone(rule: RecordingRule): void;
  onClose(): void;
}

export function RuleForm({ draft, edited, onDone, onClose }: RuleFormProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(() => typedOf(edited?.rule));
  // Nobody is told of a mistake before they have made it.
  const [tried, setTried] = useState(false);
  const found = problemsOf(ruleOf(typed), draft, edited?.key ?? null);
  const problems: RuleProblems = tried ? found : {};
  const set = (change: Partial<Typed>): void => setTyped((before) => ({ ...before, ...change }));

  return (
    <RuleSheet
      fresh={edited === null}
      name={{
        value: typed.name,
        hint: t("recordingAdmin.form.nameHint"),
        error: problems.name === undefined ? null : t(`rules.nameProblem.${problems.name}`),
        onChange: (name) => set({ name }),
      }}
      valid={Object.keys(found).length === 0}
      onTry={() => setTried(true)}
      onDone={() => onDone(ruleOf(typed))}
      onClose={onClose}
    >
      <Segmented<MatchType>
        label={t("rules.match")}
        value={typed.type}
        options={TYPES.map((type) => ({ value: type, label: type === "role" || type === "user" ? t(`rules.${type}`) : t(`recordingAdmin.form.${type}`) }))}
        onChange={(type) => set({ type })}
      />
      <MatchField typed={typed} problems={problems} set={set} />
      <Segmented
        label={t("recordingAdmin.direction.title")}
        value={typed.direction}
        options={DIRECTIONS.map((value) => ({ value, label: t(`recordingAdmin.direction.${value}`) }))}
        onChange={(direction) => set({ direction })}
      />
      <Segmented
        label={t("recordingAdmin.mode.title")}
        value={typed.mode}
        options={MODES.map((value) => ({ value, label: t(`recordingAdmin.mode.${value}`) }))}
        onChange={(mode) => set({ mode })}
      />
      <p className="-mt-2 text-sm text-muted">{t(`recordingAdmin.mode.${typed.mode}Detail`)}</p>
      {typed.mode === "on_demand" && <Starters by={typed.by} wrong={problems.by === true} onChange={(by) => set({ by })} />}
      <Switch
        label={t("recordingAdmin.form.ownKeep")}
        detail={t("recordingAdmin.form.ownKeepDetail")}
        checked={typed.retention_days !== null}
        onChange={(on) => set({ retention_days: on ? draft.terms.retention_days : null })}
      />
      {typed.retention_days !== null && (
        <KeepChoice label={t("recordingAdmin.keep")} days={typed.retention_days} wrong={problems.days === true} onChange={(days) => set({ retention_days: days })} />
      )}
    </RuleSheet>
  );
}

interface MatchFieldProps {
  typed: Typed;
  problems: RuleProblems;
  set(change: Partial<Typed>): void;
}

function MatchField({ typed, problems, set }: MatchFieldProps) {
  const { t } = useTranslation();
  const staff = useStaffOptions();
  switch (typed.type) {
    case "everybody":
      return null;
    case "role":
      return (
        <SelectField
          label={t("rules.role")}
          options={ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }))}
          value={typed.role}
          onChange={(event) => set({ role: event.target.value as Role })}
        />
      );
    case "user":
      return (
        <SelectField
          label={t("rules.user")}
          none={t("rules.chooseUser")}
          error={problems.user === true ? t("rules.chooseUserFirst") : null}
          options={staff}
          value={typed.userId}
          onChange={(event) => set({ userId: event.target.value })}
        />
      );
    case "conversation":
      return (
        <ConversationField
          value={typed.conversationId}
          error={problems.conversation === true ? t("recordingAdmin.problem.conversation") : null}
          onChange={(conversationId) => set({ conversationId })}
        />
      );
  }
}

interface StartersProps {
  by: readonly Role[];
  wrong: boolean;
  onChange(by: Role[]): void;
}

function Starters({ by, wrong, onChange }: StartersProps) {
  const { t } = useTranslation();
  return (
    <fieldset className="m-0 border-0 p-0">
      <legend className="mb-1 text-sm text-muted">{t("recordingAdmin.form.by")}</legend>
      <div className="grid grid-cols-2 gap-x-3">
        {ROLES.map((role) => (
          <label key={role} className="flex min-h-11 cursor-pointer items-center gap-2">
            <input
              type="checkbox"
              checked={by.includes(role)}
              aria-invalid={wrong}
              onChange={(event) => onChange(event.target.checked ? [...by, role] : by.filter((other) => other !== role))}
              className="size-4.5 accent-(--accent)"
            />
            {t(`role.${role}`)}
          </label>
        ))}
      </div>
      {wrong && <p className="text-sm text-danger">{t("recordingAdmin.problem.by")}</p>}
    </fieldset>
  );
}
