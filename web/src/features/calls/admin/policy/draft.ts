/** The path policy as it is being edited: nothing of it holds before it is saved. Pure. */
import type { PathPolicy, PathRule, Policy } from "../../../../api/types";
import { moved } from "../../../../lib/keyed";
import { networkProblem, type NetworkProblem } from "./cidr";

export const MOST_RULES = 200;
export const LONGEST_NAME = 80;
/** Decisions name it where no rule matches. */
export const DEFAULT_RULE = "default";

export interface DraftRule {
  /** Stays with the rule while it moves or changes its name. */
  key: number;
  rule: PathRule;
}

export interface Draft {
  default: Policy;
  /** In the order of judging. */
  rules: readonly DraftRule[];
  /** What holds now. */
  saved: PathPolicy;
  nextKey: number;
}

export type Edit =
  | { type: "default"; policy: Policy }
  | { type: "add"; rule: PathRule }
  | { type: "change"; key: number; rule: PathRule }
  | { type: "remove"; key: number }
  | { type: "move"; key: number; by: -1 | 1 }
  /** Takes over what holds: after loading, saving, or giving up. */
  | { type: "load"; policy: PathPolicy };

export function draftOf(saved: PathPolicy): Draft {
  const rules = saved.rules.map((rule, key) => ({ key, rule }));
  return { default: saved.default, rules, saved, nextKey: rules.length };
}

export function edit(draft: Draft, change: Edit): Draft {
  switch (change.type) {
    case "default":
      return { ...draft, default: change.policy };
    case "add":
      return { ...draft, rules: [...draft.rules, { key: draft.nextKey, rule: change.rule }], nextKey: draft.nextKey + 1 };
    case "change":
      return { ...draft, rules: draft.rules.map((old) => (old.key === change.key ? { ...old, rule: change.rule } : old)) };
    case "remove":
      return { ...draft, rules: draft.rules.filter(({ key }) => key !== change.key) };
    case "move":
      return { ...draft, rules: moved(draft.rules, change.key, change.by) };
    case "load":
      return draftOf(change.policy);
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
  name?: "empty" | "long" | "taken" | "reserved";
  network?: NetworkProblem;
  user?: "empty";
}

/** `key`: the rule that is changed, which may keep its name. */
export function problemsOf(rule: PathRule, draft: Draft, key: number | null): RuleProblems {
  const name = rule.name.trim();
  const problems: RuleProblems = {};
  if (name === "") problems.name = "empty";
  else if ([...name].length > LONGEST_NAME) problems.name = "long";
  else if (name === DEFAULT_RULE) problems.name = "reserved";
  else if (draft.rules.some((other) => other.key !== key && other.rule.name === name)) problems.name = "taken";
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
