/** When a change of the policy may erase something that stayed before. */
import { expect, test } from "vitest";
import type { ChatRetention } from "../../../api/archive";
import { isShorter } from "./useChatRetention";

const everybody = (days: number | null): ChatRetention["rules"][number] => ({ name: "r", match: { type: "everybody" }, retention_days: days });
const policy = (retention_days: number | null, rules: ChatRetention["rules"] = []): ChatRetention => ({ version: 1, retention_days, rules });

test.each<[ChatRetention, ChatRetention, boolean]>([
  [policy(null), policy(null), false],
  [policy(null), policy(30), true],
  [policy(30), policy(31), false],
  [policy(30), policy(29), true],
  [policy(30), policy(null), false],
  [policy(30, [everybody(90)]), policy(30), true],
  [policy(30, [everybody(90)]), policy(30, [everybody(91)]), false],
  [policy(30, [everybody(null)]), policy(30, [everybody(3_000)]), true],
  [policy(30), policy(30, [everybody(90)]), false],
  [policy(30), policy(30, [everybody(7)]), true],
  [policy(null), policy(null, [everybody(9_000)]), true],
])("%o, %o", (before, after, shorter) => {
  expect(isShorter(before, after)).toBe(shorter);
});
