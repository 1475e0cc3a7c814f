/** The same ending reads differently on the two sides, and on the devices that only rang. */
import { expect, test } from "vitest";
import { endingWords, type LastSeen } from "./endingWords";
import type { Ending } from "./view";

const caller: LastSeen = { outgoing: true, answeredAt: null, at: 1_000 };
const callee: LastSeen = { ...caller, outgoing: false };
const talking: LastSeen = { ...caller, answeredAt: 1_000, at: 66_000 };

test.each<[Exclude<Ending, { code: string }>, LastSeen, string | null]>([
  ["declined", caller, "declined"],
  ["declined", callee, "declinedElsewhere"],
  ["cancelled", caller, null],
  ["cancelled", callee, "missedByYou"],
  ["missed", caller, "missed"],
  ["missed", callee, "missedByYou"],
  ["busy", caller, "busy"],
  ["elsewhere", callee, "elsewhere"],
  ["elsewhere", talking, "movedElsewhere"],
  ["lost", talking, "lost"],
  ["completed", talking, "completedFor"],
  ["completed", caller, "completed"],
  ["media", talking, "media"],
  ["socket", caller, "socket"],
])("%s, as seen by %o, is %s", (why, seen, key) => expect(endingWords(why, seen)?.key ?? null).toBe(key));

test("the length is that of the talk", () => expect(endingWords("completed", talking)?.lengthMs).toBe(65_000));
test("who was not reached can be called again at once", () => {
  expect(endingWords("missed", caller)?.again).toBe(true);
  expect(endingWords("completed", talking)?.again).toBe(false);
});
