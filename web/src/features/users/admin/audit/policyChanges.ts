/** What a new path policy changes in the one before. Pure. */
import type { PathPolicy, PathRule, Policy } from "../../../../api/types";

export type PolicyChange =
  | { type: "default"; before: Policy; after: Policy }
  | { type: "added"; rule: PathRule }
  | { type: "removed"; rule: PathRule }
  | { type: "changed"; before: PathRule; after: PathRule }
  /** The names in their new order. */
  | { type: "order"; names: string[] };

/** Rules are known by their names, of which each is there once. */
export function policyChanges(before: PathPolicy, after: PathPolicy): PolicyChange[] {
  const old = new Map(before.rules.map((rule) => [rule.name, rule]));
  const kept = new Set(after.rules.map((rule) => rule.name));
  const changes: PolicyChange[] = [];
  if (before.default !== after.default) changes.push({ type: "default", before: before.default, after: after.default });
  for (const rule of after.rules) {
    const was = old.get(rule.name);
    if (was === undefined) changes.push({ type: "added", rule });
    else if (!same(was, rule)) changes.push({ type: "changed", before: was, after: rule });
  }
  for (const rule of before.rules) if (!kept.has(rule.name)) changes.push({ type: "removed", rule });
  const stayed = (rules: readonly PathRule[]): string[] => rules.map(({ name }) => name).filter((name) => old.has(name) && kept.has(name));
  if (stayed(before.rules).join("\n") !== stayed(after.rules).join("\n")) {
    changes.push({ type: "order", names: after.rules.map(({ name }) => name) });
  }
  return changes;
}

function same(a: PathRule, b: PathRule): boolean {
  return a.policy === b.policy && key(a) === key(b);
}

function key({ match }: PathRule): string {
  const value = match.type === "network" ? match.cidr : match.type === "role" ? match.role : match.user_id;
  return `${match.type} ${value}`;
}
