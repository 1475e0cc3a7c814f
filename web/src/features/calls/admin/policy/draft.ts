/** The path policy as it is being edited: nothing of it holds before it is saved. Pure. */
import type { PathPolicy, PathRule, Policy } from "../../../../api/types";
import { draftRules, editRules, nameProblem, type DraftRules, type NameProblem, type RuleEdit } from "../../../../lib/rules";
import { networkProblem, type NetworkProblem } from "./cidr";

/** Decisions name it where no rule matches. */
export const DEFAULT_RULE = "default";

export interface Draft extends DraftRules<PathRule> {
  default: Policy;
  /** What holds now. */
  saved: PathPolicy;
}

export type Edit = { type: "default"; policy: Policy } | RuleEdit<PathRule> | { type: "load"; policy: PathPolicy };

export function draftOf(saved: PathPolicy): Draft {
  return { default: saved.default, ...draftRules(saved.rules), saved };
}

export function edit(draft: Draft, change: Edit): Draft {
  switch (change.type) {
    case "default":
      return { ...draft, default: change.policy };
    case "load":
      return draftOf(change.policy);
    default:
      return editRules(draft, change);
  }
}

export function policyOf(draft: Draft): PathPolicy {
  return { default: draft.default, rules: draft.rules.map(({ rule }) => rule) };
}

export function isChanged(draft: Draft): boolean {
  return JSON.stringify(comparable(policyOf(draft))) !== JSON.stringify(comparable(draft.saved));
}

/** In one order of fields, whoever wrote it. */
function comparable({ default: policy, rules }: PathPolicy): unknown {
  return [policy, ...rules.map((rule) => [rule.name, rule.match.type, valueOf(rule), rule.policy])];
}

/** The network, the role, or the id of the user. */
export function valueOf({ match }: PathRule): string {
  if (match.type === "network") return match.cidr;
  return match.type === "role" ? match.role : match.user_id;
}

export interface RuleProblems {
  name?: NameProblem | "reserved";
  network?: NetworkProblem;
  user?: "empty";
}

/** `key`: the rule that is changed, which may keep its name. */
export function problemsOf(rule: PathRule, draft: Draft, key: number | null): RuleProblems {
  const problems: RuleProblems = {};
  const name = rule.name.trim() === DEFAULT_RULE ? "reserved" : nameProblem(rule.name, draft, key);
  if (name !== null) problems.name = name;
  const network = rule.match.type === "network" ? networkProblem(rule.match.cidr) : null;
  if (network !== null) problems.network = network;
  if (rule.match.type === "user" && rule.match.user_id === "") problems.user = "empty";
  return problems;
}

/** As it is sent: without the blanks around what was typed. */
export function tidy(rule: PathRule): PathRule {
  const match = rule.match.type === "network" ? { ...rule.match, cidr: rule.match.cidr.trim() } : rule.match;
  return { ...rule, name: rule.name.trim(), match };
}
