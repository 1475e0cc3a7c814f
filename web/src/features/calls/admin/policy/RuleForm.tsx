/** A rule that is made or changed. It goes into the draft only when it makes sense. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PathRule, PathRuleMatch, Policy, Role } from "../../../../api/types";
import type { DraftRule } from "../../../../lib/rules";
import { Field } from "../../../../ui/Field";
import { RuleSheet } from "../../../../ui/rules/RuleSheet";
import { Segmented } from "../../../../ui/Segmented";
import { SelectField } from "../../../../ui/SelectField";
import { useStaffOptions } from "../../../users";
import { problemsOf, tidy, type Draft, type RuleProblems } from "./draft";
import { PolicyChoice } from "./PolicyChoice";

const ROLES: readonly Role[] = ["employee", "manager", "compliance", "admin"];
const TYPES = ["network", "role", "user"] as const;
type MatchType = (typeof TYPES)[number];

/** All that was typed, whichever of it counts. */
interface Typed {
  name: string;
  type: MatchType;
  cidr: string;
  role: Role;
  userId: string;
  policy: Policy;
}

function typedOf(rule: PathRule | undefined): Typed {
  const empty: Typed = { name: "", type: "network", cidr: "", role: "employee", userId: "", policy: "relayed" };
  if (rule === undefined) return empty;
  const { name, match, policy } = rule;
  return {
    ...empty,
    name,
    policy,
    type: match.type,
    ...(match.type === "network" && { cidr: match.cidr }),
    ...(match.type === "role" && { role: match.role }),
    ...(match.type === "user" && { userId: match.user_id }),
  };
}

function ruleOf({ name, type, cidr, role, userId, policy }: Typed): PathRule {
  const match: PathRuleMatch = type === "network" ? { type, cidr } : type === "role" ? { type, role } : { type, user_id: userId };
  return tidy({ name, match, policy });
}

export interface RuleFormProps {
  draft: Draft;
  /** Null: a new one. */
  edited: DraftRule<PathRule> | null;
  onDone(rule: PathRule): void;
  onClose(): void;
}

export function RuleForm({ draft, edited, onDone, onClose }: RuleFormProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(() => typedOf(edited?.rule));
  // Nobody is told of a mistake before they have made it.
  const [left, setLeft] = useState<ReadonlySet<keyof RuleProblems>>(new Set());
  const problems = problemsOf(ruleOf(typed), draft, edited?.key ?? null);
  const set = (change: Partial<Typed>): void => setTyped((before) => ({ ...before, ...change }));
  const leave = (field: keyof RuleProblems): void => setLeft((before) => new Set([...before, field]));

  return (
    <RuleSheet
      fresh={edited === null}
      name={{
        value: typed.name,
        hint: t("callAdmin.rule.nameHint"),
        error: left.has("name") && problems.name !== undefined ? (problems.name === "reserved" ? t("callAdmin.rule.reserved") : t(`rules.nameProblem.${problems.name}`)) : null,
        onChange: (name) => set({ name }),
        onLeave: () => leave("name"),
      }}
      valid={Object.keys(problems).length === 0}
      onTry={() => setLeft(new Set(["name", "network", "user"]))}
      onDone={() => onDone(ruleOf(typed))}
      onClose={onClose}
    >
      <Segmented<MatchType>
        label={t("rules.match")}
        value={typed.type}
        options={TYPES.map((type) => ({ value: type, label: type === "network" ? t("callAdmin.rule.network") : t(`rules.${type}`) }))}
        onChange={(type) => set({ type })}
      />
      <MatchField typed={typed} problems={problems} left={left} set={set} leave={leave} />
      <div>
        <p aria-hidden="true" className="mb-1 text-sm text-muted">
          {t("callAdmin.rule.policy")}
        </p>
        <PolicyChoice label={t("callAdmin.rule.policy")} value={typed.policy} onChange={(policy) => set({ policy })} />
      </div>
    </RuleSheet>
  );
}

interface MatchFieldProps {
  typed: Typed;
  problems: RuleProblems;
  left: ReadonlySet<keyof RuleProblems>;
  set(change: Partial<Typed>): void;
  leave(field: keyof RuleProblems): void;
}

function MatchField({ typed, problems, left, set, leave }: MatchFieldProps) {
  const { t } = useTranslation();
  const staff = useStaffOptions();
  switch (typed.type) {
    case "network":
      return (
        <Field
          label={t("callAdmin.rule.cidr")}
          hint={t("callAdmin.rule.cidrHint")}
          error={left.has("network") && problems.network !== undefined ? t(`callAdmin.rule.networkProblem.${problems.network}`) : null}
          name="rule-network"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder="10.2.0.0/16"
          value={typed.cidr}
          onBlur={(event) => event.target.value !== "" && leave("network")}
          onChange={(event) => set({ cidr: event.target.value })}
        />
      );
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
          error={left.has("user") && problems.user !== undefined ? t("rules.chooseUserFirst") : null}
          options={staff}
          value={typed.userId}
          onChange={(event) => set({ userId: event.target.value })}
        />
      );
  }
}
