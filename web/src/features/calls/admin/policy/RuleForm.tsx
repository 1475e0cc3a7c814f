/** A rule that is made or changed. It goes into the draft only when it makes sense. */
import { useRef, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { PathRule, PathRuleMatch, Policy, Role } from "../../../../api/types";
import { Button } from "../../../../ui/Button";
import { Field } from "../../../../ui/Field";
import { Segmented } from "../../../../ui/Segmented";
import { SelectField } from "../../../../ui/SelectField";
import { Sheet } from "../../../../ui/Sheet";
import { useStaffOptions } from "../../../users";
import { LONGEST_NAME, problemsOf, tidy, type Draft, type DraftRule, type RuleProblems } from "./draft";
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
  edited: DraftRule | null;
  onDone(rule: PathRule): void;
  onClose(): void;
}

export function RuleForm({ draft, edited, onDone, onClose }: RuleFormProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(() => typedOf(edited?.rule));
  // Nobody is told of a mistake before they have made it.
  const [left, setLeft] = useState<ReadonlySet<keyof RuleProblems>>(new Set());
  const form = useRef<HTMLFormElement>(null);
  const problems = problemsOf(ruleOf(typed), draft, edited?.key ?? null);
  const set = (change: Partial<Typed>): void => setTyped((before) => ({ ...before, ...change }));
  const leave = (field: keyof RuleProblems): void => setLeft((before) => new Set([...before, field]));

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (Object.keys(problems).length === 0) return onDone(ruleOf(typed));
    setLeft(new Set(["name", "network", "user"]));
    // The fields say what is wrong once they are drawn.
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  }

  return (
    <Sheet short title={t(edited === null ? "callAdmin.rule.add" : "callAdmin.rule.edit")} onClose={onClose}>
      <form ref={form} noValidate onSubmit={submit} className="flex min-h-0 flex-1 flex-col">
        <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-4 pt-1">
          <Field
            label={t("callAdmin.rule.name")}
            hint={t("callAdmin.rule.nameHint")}
            error={left.has("name") && problems.name !== undefined ? t(`callAdmin.rule.nameProblem.${problems.name}`) : null}
            name="rule-name"
            autoFocus
            autoComplete="off"
            maxLength={LONGEST_NAME * 2}
            value={typed.name}
            onBlur={(event) => event.target.value !== "" && leave("name")}
            onChange={(event) => set({ name: event.target.value })}
          />
          <Segmented<MatchType>
            label={t("callAdmin.rule.match")}
            value={typed.type}
            options={TYPES.map((type) => ({ value: type, label: t(`callAdmin.rule.${type}`) }))}
            onChange={(type) => set({ type })}
          />
          <MatchField typed={typed} problems={problems} left={left} set={set} leave={leave} />
          <div>
            <p aria-hidden="true" className="mb-1 text-sm text-muted">
              {t("callAdmin.rule.policy")}
            </p>
            <PolicyChoice label={t("callAdmin.rule.policy")} value={typed.policy} onChange={(policy) => set({ policy })} />
          </div>
        </div>
        <div className="flex justify-end gap-2 border-t border-line p-4">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button look="primary" type="submit">
            {t("callAdmin.rule.done")}
          </Button>
        </div>
      </form>
    </Sheet>
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
          label={t("callAdmin.rule.role")}
          options={ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }))}
          value={typed.role}
          onChange={(event) => set({ role: event.target.value as Role })}
        />
      );
    case "user":
      return (
        <SelectField
          label={t("callAdmin.rule.user")}
          none={t("callAdmin.rule.chooseUser")}
          error={left.has("user") && problems.user !== undefined ? t("callAdmin.rule.noUser") : null}
          options={staff}
          value={typed.userId}
          onChange={(event) => set({ userId: event.target.value })}
        />
      );
  }
}
