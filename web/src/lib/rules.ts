/** Rules in the order of judging, as they are edited: what is common to every policy that has some. Pure. */
import { moved } from "./keyed";

export const MOST_RULES = 200;
export const LONGEST_NAME = 80;

export interface DraftRule<R> {
  /** Stays with the rule while it moves or changes its name. */
  key: number;
  rule: R;
}

export interface DraftRules<R> {
  /** In the order of judging. */
  rules: readonly DraftRule<R>[];
  nextKey: number;
}

export type RuleEdit<R> =
  | { type: "add"; rule: R }
  | { type: "change"; key: number; rule: R }
  | { type: "remove"; key: number }
  | { type: "move"; key: number; by: -1 | 1 };

export function draftRules<R>(saved: readonly R[]): DraftRules<R> {
  return { rules: saved.map((rule, key) => ({ key, rule })), nextKey: saved.length };
}

export function editRules<R, D extends DraftRules<R>>(draft: D, change: RuleEdit<R>): D {
  const { rules, nextKey } = draft;
  switch (change.type) {
    case "add":
      return { ...draft, rules: [...rules, { key: nextKey, rule: change.rule }], nextKey: nextKey + 1 };
    case "change":
      return { ...draft, rules: rules.map((old) => (old.key === change.key ? { ...old, rule: change.rule } : old)) };
    case "remove":
      return { ...draft, rules: rules.filter(({ key }) => key !== change.key) };
    case "move":
      return { ...draft, rules: moved(rules, change.key, change.by) };
  }
}

export type NameProblem = "empty" | "long" | "taken";

/** `key`: the rule that is changed, which may keep its name. */
export function nameProblem<R extends { name: string }>(typed: string, { rules }: DraftRules<R>, key: number | null): NameProblem | null {
  const name = typed.trim();
  if (name === "") return "empty";
  if ([...name].length > LONGEST_NAME) return "long";
  return rules.some((other) => other.key !== key && other.rule.name === name) ? "taken" : null;
}

/** The place, from 0, of the rule that a refusal is about; `at` is what the server said of the part that is wrong. */
export function refusedRule(at: string | null): number | null {
  const found = /^rules\[(\d+)\]/u.exec(at ?? "");
  return found === null ? null : Number(found[1]);
}
