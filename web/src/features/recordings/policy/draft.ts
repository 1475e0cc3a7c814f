/** The recording policy as it is being edited: nothing of it holds before it is saved. Pure. */
import type { RecordingPolicy, RecordingRule } from "../../../api/recordings";
import { draftRules, editRules, nameProblem, type DraftRules, type NameProblem, type RuleEdit } from "../../../lib/rules";

/** A hundred years. */
export const LONGEST_DAYS = 36_525;

/** All but the rules. */
export type Terms = Pick<RecordingPolicy, "purpose" | "recorded_by" | "retention_days" | "two_officers">;

export interface Draft extends DraftRules<RecordingRule> {
  terms: Terms;
  /** What holds now. */
  saved: RecordingPolicy;
}

export type Edit = { type: "terms"; terms: Partial<Terms> } | RuleEdit<RecordingRule> | { type: "load"; policy: RecordingPolicy };

export function draftOf(saved: RecordingPolicy): Draft {
  const { purpose, recorded_by, retention_days, two_officers } = saved;
  return { terms: { purpose, recorded_by, retention_days, two_officers }, ...draftRules(saved.rules), saved };
}

export function edit(draft: Draft, change: Edit): Draft {
  switch (change.type) {
    case "terms":
      return { ...draft, terms: { ...draft.terms, ...change.terms } };
    case "load":
      return draftOf(change.policy);
    default:
      return editRules(draft, change);
  }
}

/** As it is sent: its version is that of the policy it changes, so that nobody else's change is lost. */
export function policyOf({ terms, rules, saved }: Draft): RecordingPolicy {
  return { version: saved.version, ...terms, rules: rules.map(({ rule }) => rule) };
}

export function isChanged(draft: Draft): boolean {
  return JSON.stringify(comparable(policyOf(draft))) !== JSON.stringify(comparable(draft.saved));
}

/** In one order of fields, whoever wrote it. */
function comparable({ purpose, recorded_by, retention_days, two_officers, rules }: RecordingPolicy): unknown {
  const all = rules.map(({ name, match, direction, mode, by, retention_days: days }) => [name, match.type, valueOf(match), direction, mode, [...by].sort(), days ?? null]);
  return [purpose.ru, purpose.en, recorded_by, retention_days, two_officers, ...all];
}

/** The role, the id of the user or of the conversation; nothing for everybody. */
export function valueOf(match: RecordingRule["match"]): string {
  switch (match.type) {
    case "everybody":
      return "";
    case "role":
      return match.role;
    case "user":
      return match.user_id;
    case "conversation":
      return match.conversation_id;
  }
}

export const isSpan = (days: number): boolean => Number.isInteger(days) && days >= 1 && days <= LONGEST_DAYS;

export interface TermProblems {
  purpose?: true;
  recordedBy?: true;
  days?: true;
}

/** Where nothing is recorded, nobody has to be told why. */
export function problemsOfTerms({ terms, rules }: Pick<Draft, "terms" | "rules">): TermProblems {
  const told = rules.length > 0;
  const { purpose, recorded_by, retention_days } = terms;
  return {
    ...(told && (purpose.ru.trim() === "" || purpose.en.trim() === "") && { purpose: true }),
    ...(told && recorded_by.trim() === "" && { recordedBy: true }),
    ...(!isSpan(retention_days) && { days: true }),
  };
}

export interface RuleProblems {
  name?: NameProblem;
  user?: true;
  conversation?: true;
  by?: true;
  days?: true;
}

/** `key`: the rule that is changed, which may keep its name. */
export function problemsOf(rule: RecordingRule, draft: Draft, key: number | null): RuleProblems {
  const problems: RuleProblems = {};
  const name = nameProblem(rule.name, draft, key);
  if (name !== null) problems.name = name;
  const value = valueOf(rule.match).trim();
  if (rule.match.type === "user" && value === "") problems.user = true;
  if (rule.match.type === "conversation" && value === "") problems.conversation = true;
  if (rule.mode === "on_demand" && rule.by.length === 0) problems.by = true;
  if (rule.retention_days !== null && !isSpan(rule.retention_days)) problems.days = true;
  return problems;
}

/** As it is sent: without the blanks around what was typed, and nobody who turns on what always runs. */
export function tidy(rule: RecordingRule): RecordingRule {
  const { match } = rule;
  return {
    ...rule,
    name: rule.name.trim(),
    match: match.type === "conversation" ? { ...match, conversation_id: match.conversation_id.trim() } : match,
    by: rule.mode === "always" ? [] : rule.by,
  };
}
