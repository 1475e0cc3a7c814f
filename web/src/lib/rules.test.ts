/** Where the server's refusal belongs, and what a rule may be called. */
import { expect, test } from "vitest";
import { draftRules, nameProblem, refusedRule } from "./rules";

test.each([
  ["rules[2].match.cidr", 2],
  ["rules[11].name", 11],
  ["rules", null],
  ["default", null],
  [null, null],
])("%j", (at, place) => expect(refusedRule(at)).toBe(place));

test.each([
  [" ", null, "empty"],
  ["a".repeat(81), null, "long"],
  ["Sales ", null, "taken"],
  ["Sales", 0, null],
  ["Branch", null, null],
])("the name %j of rule %s", (name, key, problem) => expect(nameProblem(name, draftRules([{ name: "Sales" }]), key)).toBe(problem));
