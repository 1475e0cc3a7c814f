/** A rule that is made or changed. It goes into the draft only when it makes sense. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecordingRule } from "../../../api/recordings";
import type { Role } from "../../../api/types";
import type { DraftRule } from "../../../lib/rules";
import { RuleSheet } from "../../../ui/rules/RuleSheet";
import { Segmented } from "../../../ui/Segmented";
import { Switch } from "../../../ui/Switch";
import { problemsOf, tidy, type Draft, type RuleProblems } from "./draft";
import { KeepChoice } from "./KeepChoice";
import { MatchField, matchOf, ROLES, typedMatch, type TypedMatch } from "./MatchField";

const DIRECTIONS = ["any", "outgoing", "incoming"] as const;
const MODES = ["always", "on_demand"] as const;

/** All that was typed, whichever of it counts. */
interface Typed extends Omit<RecordingRule, "match">, TypedMatch {}

function typedOf(rule: RecordingRule | undefined): Typed {
  const { match, ...rest } = rule ?? { name: "", match: undefined, direction: "any" as const, mode: "always" as const, by: [], retention_days: null };
  return { ...rest, ...typedMatch(match) };
}

function ruleOf({ type, role, userId, conversationId, ...rest }: Typed): RecordingRule {
  return tidy({ ...rest, match: matchOf({ type, role, userId, conversationId }) });
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
      <MatchField label={t("rules.match")} typed={typed} problems={problems} set={set} />
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
