/** Edits of a recording policy, and what may not be saved. */
import { expect, test } from "vitest";
import type { RecordingPolicy, RecordingRule } from "../../../api/recordings";
import { draftOf, edit, isChanged, policyOf, problemsOf, problemsOfTerms, tidy, type Draft } from "./draft";

const sales: RecordingRule = { name: "Sales", match: { type: "role", role: "manager" }, direction: "outgoing", mode: "always", by: [], retention_days: null };
const boris: RecordingRule = { name: "Boris", match: { type: "user", user_id: "u1" }, direction: "any", mode: "on_demand", by: ["manager", "employee"], retention_days: 30 };
const saved: RecordingPolicy = {
  version: 3, purpose: { ru: "Зачем", en: "Why" }, recorded_by: "Firm", retention_days: 1_827, two_officers: true, rules: [sales, boris],
};
const keyOf = (draft: Draft, name: string): number => draft.rules.find(({ rule }) => rule.name === name)!.key;

test("what was loaded is unchanged, and is sent with the version it changes", () => {
  const draft = draftOf(saved);
  expect(isChanged(draft)).toBe(false);
  expect(policyOf(draft)).toEqual(saved);
});

test("neither the order of fields nor that of roles is a change", () => {
  const draft = draftOf(saved);
  const same: RecordingRule = { retention_days: 30, by: ["employee", "manager"], mode: "on_demand", direction: "any", match: { user_id: "u1", type: "user" }, name: "Boris" };
  expect(isChanged(edit(draft, { type: "change", key: keyOf(draft, "Boris"), rule: same }))).toBe(false);
});

test.each<[string, (draft: Draft) => Draft]>([
  ["purpose", (draft) => edit(draft, { type: "terms", terms: { purpose: { ru: "Зачем", en: "Why not" } } })],
  ["recorder", (draft) => edit(draft, { type: "terms", terms: { recorded_by: "Other" } })],
  ["time", (draft) => edit(draft, { type: "terms", terms: { retention_days: 184 } })],
  ["second officer", (draft) => edit(draft, { type: "terms", terms: { two_officers: false } })],
  ["order", (draft) => edit(draft, { type: "move", key: 0, by: 1 })],
  ["less", (draft) => edit(draft, { type: "remove", key: 0 })],
  ["more", (draft) => edit(draft, { type: "add", rule: { ...sales, name: "Third" } })],
  ["direction", (draft) => edit(draft, { type: "change", key: 0, rule: { ...sales, direction: "any" } })],
  ["own time", (draft) => edit(draft, { type: "change", key: 0, rule: { ...sales, retention_days: 7 } })],
])("another %s is a change, and can be taken back", (_, change) => {
  const after = change(draftOf(saved));
  expect(isChanged(after)).toBe(true);
  expect(policyOf(edit(after, { type: "load", policy: after.saved }))).toEqual(saved);
});

test("whoever is recorded is told; where nothing is, nobody has to be", () => {
  const empty = { ru: "", en: " " };
  const draft = edit(draftOf(saved), { type: "terms", terms: { purpose: { ...empty, ru: "Зачем" }, recorded_by: " ", retention_days: 0 } });
  expect(problemsOfTerms(draft)).toEqual({ purpose: true, recordedBy: true, days: true });
  expect(problemsOfTerms({ ...draft, rules: [] })).toEqual({ days: true });
  expect(problemsOfTerms(draftOf(saved))).toEqual({});
  expect(problemsOfTerms(edit(draft, { type: "terms", terms: { ...saved, retention_days: 1.5 } }))).toEqual({ days: true });
});

test.each<[string, RecordingRule, object]>([
  ["its own name", sales, {}],
  ["no name", { ...sales, name: " " }, { name: "empty" }],
  ["80 characters, of more units", { ...sales, name: "😀".repeat(80) }, {}],
  ["81 characters", { ...sales, name: "x".repeat(81) }, { name: "long" }],
  ["the name of another", { ...sales, name: " Boris " }, { name: "taken" }],
  ["nobody", { ...sales, match: { type: "user", user_id: "" } }, { user: true }],
  ["no conversation", { ...sales, match: { type: "conversation", conversation_id: " " } }, { conversation: true }],
  ["everybody", { ...sales, match: { type: "everybody" } }, {}],
  ["on demand of nobody", { ...sales, mode: "on_demand" }, { by: true }],
  ["for ever", { ...sales, retention_days: 36_526 }, { days: true }],
  ["for no day", { ...sales, retention_days: 0 }, { days: true }],
])("%s", (_, rule, problems) => {
  const draft = draftOf(saved);
  expect(problemsOf(rule, draft, keyOf(draft, "Sales"))).toEqual(problems);
});

test("what is sent is tidy", () => {
  expect(tidy({ ...boris, name: " Boris ", mode: "always", match: { type: "conversation", conversation_id: " c " } })).toEqual({
    ...boris, mode: "always", by: [], match: { type: "conversation", conversation_id: "c" },
  });
});
