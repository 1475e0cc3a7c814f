/** Edits of a path policy, and what may not be saved. */
import { expect, test } from "vitest";
import type { PathPolicy, PathRule } from "../../../../api/types";
import { draftOf, edit, isChanged, policyOf, problemsOf, tidy, type Draft } from "./draft";

const branch: PathRule = { name: "Branch", match: { type: "network", cidr: "10.2.0.0/16" }, policy: "relayed" };
const managers: PathRule = { name: "Managers", match: { type: "role", role: "manager" }, policy: "media_node" };
const boris: PathRule = { name: "Boris", match: { type: "user", user_id: "u1" }, policy: "auto" };
const saved: PathPolicy = { default: "direct", rules: [branch, managers, boris] };

const names = (draft: Draft): string[] => draft.rules.map(({ rule }) => rule.name);
const keyOf = (draft: Draft, name: string): number => draft.rules.find(({ rule }) => rule.name === name)!.key;

test("what was loaded is unchanged, and comes back as it was", () => {
  const draft = draftOf(saved);
  expect(isChanged(draft)).toBe(false);
  expect(policyOf(draft)).toEqual(saved);
});

test("the order of the fields is no change", () => {
  const draft = draftOf(saved);
  const same: PathRule = { policy: branch.policy, match: { cidr: "10.2.0.0/16", type: "network" }, name: branch.name };
  expect(isChanged(edit(draft, { type: "change", key: keyOf(draft, "Branch"), rule: same }))).toBe(false);
});

test.each([
  ["Branch", -1, ["Branch", "Managers", "Boris"]],
  ["Branch", 1, ["Managers", "Branch", "Boris"]],
  ["Managers", -1, ["Managers", "Branch", "Boris"]],
  ["Boris", -1, ["Branch", "Boris", "Managers"]],
  ["Boris", 1, ["Branch", "Managers", "Boris"]],
] as const)("%s by %i", (name, by, order) => {
  const draft = draftOf(saved);
  const after = edit(draft, { type: "move", key: keyOf(draft, name), by });
  expect(names(after)).toEqual(order);
  // The key went with it.
  expect(keyOf(after, name)).toBe(keyOf(draft, name));
});

test("moving there and back is no change", () => {
  const draft = draftOf(saved);
  const key = keyOf(draft, "Branch");
  const there = edit(draft, { type: "move", key, by: 1 });
  expect(isChanged(there)).toBe(true);
  expect(isChanged(edit(there, { type: "move", key, by: -1 }))).toBe(false);
});

test("a rule that is not there changes nothing", () => {
  const draft = draftOf(saved);
  expect(policyOf(edit(draft, { type: "move", key: 99, by: 1 }))).toEqual(saved);
  expect(policyOf(edit(draft, { type: "remove", key: 99 }))).toEqual(saved);
});

test("a new rule is judged last, and its key was nobody's", () => {
  let draft = edit(draftOf(saved), { type: "remove", key: keyOf(draftOf(saved), "Boris") });
  draft = edit(draft, { type: "add", rule: boris });
  draft = edit(draft, { type: "add", rule: { ...boris, name: "Again" } });
  expect(names(draft)).toEqual(["Branch", "Managers", "Boris", "Again"]);
  expect(new Set(draft.rules.map(({ key }) => key)).size).toBe(4);
});

test("removed and added as it was is no change; discarding gives back all", () => {
  const draft = draftOf(saved);
  const without = edit(draft, { type: "remove", key: keyOf(draft, "Boris") });
  expect(isChanged(without)).toBe(true);
  expect(isChanged(edit(without, { type: "add", rule: boris }))).toBe(false);
  expect(policyOf(edit(without, { type: "load", policy: without.saved }))).toEqual(saved);
});

test("the default is part of the change", () => {
  const draft = edit(draftOf(saved), { type: "default", policy: "auto" });
  expect(isChanged(draft)).toBe(true);
  expect(policyOf(draft).default).toBe("auto");
  const after = edit(draft, { type: "load", policy: policyOf(draft) });
  expect(isChanged(after)).toBe(false);
});

test.each<[string, PathRule, object]>([
  ["no name", { ...branch, name: "  " }, { name: "empty" }],
  ["80 characters, of more units", { ...branch, name: "😀".repeat(80) }, {}],
  ["81 characters", { ...branch, name: "x".repeat(81) }, { name: "long" }],
  ["the name of another", { ...branch, name: " Managers " }, { name: "taken" }],
  ["the default's name", { ...branch, name: "default" }, { name: "reserved" }],
  ["its own name", branch, {}],
  ["no network", { ...branch, match: { type: "network", cidr: "10.2.0/16" } }, { network: "bad_address" }],
  ["nobody", { ...branch, match: { type: "user", user_id: "" } }, { user: "empty" }],
  ["two at once", { ...branch, name: "", match: { type: "network", cidr: "" } }, { name: "empty", network: "empty" }],
])("%s", (_, rule, problems) => {
  const draft = draftOf(saved);
  expect(problemsOf(rule, draft, keyOf(draft, "Branch"))).toEqual(problems);
});

test("a new rule may not take a name", () => expect(problemsOf(branch, draftOf(saved), null)).toEqual({ name: "taken" }));

test("blanks around what was typed are not sent", () => {
  expect(tidy({ ...branch, name: " Branch ", match: { type: "network", cidr: " 10.2.0.0/16 " } })).toEqual(branch);
});
