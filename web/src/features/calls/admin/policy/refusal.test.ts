/** Where the server's refusal belongs. */
import { expect, test } from "vitest";
import { ApiError } from "../../../../api/http";
import { refusedRule } from "./refusal";

const refusal = (at: string | null): ApiError => new ApiError(422, "bad_network", "Rule 3", at);

test.each([
  ["rules[2].match.cidr", 2],
  ["rules[11].name", 11],
  ["rules", null],
  ["default", null],
  [null, null],
])("%j", (at, place) => expect(refusedRule(refusal(at))).toBe(place));

test("what is no answer names no rule", () => {
  expect(refusedRule(new Error("rules[2]"))).toBeNull();
  expect(refusedRule(null)).toBeNull();
});
