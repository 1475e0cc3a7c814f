/** Two path policies, and what is different. */
import { expect, test } from "vitest";
import type { PathPolicy, PathRule } from "../../../../api/types";
import { policyChanges } from "./policyChanges";

const branch: PathRule = { name: "Branch", match: { type: "network", cidr: "10.2.0.0/16" }, policy: "relayed" };
const managers: PathRule = { name: "Managers", match: { type: "role", role: "manager" }, policy: "media_node" };
const boris: PathRule = { name: "Boris", match: { type: "user", user_id: "u1" }, policy: "auto" };
const of = (...rules: PathRule[]): PathPolicy => ({ default: "direct", rules });

test("nothing", () => expect(policyChanges(of(branch, boris), of({ ...branch, match: { cidr: "10.2.0.0/16", type: "network" } }, boris))).toEqual([]));

test("the default", () =>
  expect(policyChanges(of(branch), { default: "auto", rules: [branch] })).toEqual([{ type: "default", before: "direct", after: "auto" }]));

test("added before the others is no new order", () =>
  expect(policyChanges(of(branch, boris), of(managers, branch, boris))).toEqual([{ type: "added", rule: managers }]));

test("removed from between the others is no new order", () =>
  expect(policyChanges(of(branch, managers, boris), of(branch, boris))).toEqual([{ type: "removed", rule: managers }]));

test("another policy, another network", () => {
  const stricter: PathRule = { ...branch, policy: "media_node" };
  const wider: PathRule = { ...branch, match: { type: "network", cidr: "10.0.0.0/8" } };
  expect(policyChanges(of(branch), of(stricter))).toEqual([{ type: "changed", before: branch, after: stricter }]);
  expect(policyChanges(of(branch), of(wider))).toEqual([{ type: "changed", before: branch, after: wider }]);
});

test("the same rules in another order", () =>
  expect(policyChanges(of(branch, managers, boris), of(boris, branch, managers))).toEqual([{ type: "order", names: ["Boris", "Branch", "Managers"] }]));
