/** The list of calls: what an event adds, days, and what counts as missed. */
import { expect, test } from "vitest";
import type { CallEntry, CallPage, StoredEvent } from "../../../api/types";
import { byDay, countMissed, entryOf, withEntry } from "./entries";

const HOUR = 3_600_000;
const noon = new Date(2026, 4, 10, 12).getTime();

function entry(id: string, change: Partial<CallEntry> = {}): CallEntry {
  const times = { started_at: noon, answered_at: null, ended_at: noon + 1 };
  return { id, conversation_id: "c", caller_id: "anna", callee_id: "boris", kind: "audio", outcome: "missed", ...times, ...change };
}

const page = (ids: string[], more: boolean): CallPage => ({ calls: ids.map((id) => entry(id)), more });
const ids = (pages: CallPage[]): string[][] => pages.map(({ calls }) => calls.map(({ id }) => id));

test.each([
  ["in front", "9", [["9", "7", "5"], ["3"]]],
  ["where it began, if it took long", "6", [["7", "6", "5"], ["3"]]],
  ["once", "7", [["7", "5"], ["3"]]],
  ["not where older ones are still to come", "4", [["7", "5"], ["3"]]],
])("a call that ends comes %s", (_, id, wanted) => {
  expect(ids(withEntry([page(["7", "5"], true), page(["3"], false)], entry(id)))).toEqual(wanted);
});

test("the first call of all", () => expect(ids(withEntry([page([], false)], entry("1")))).toEqual([["1"]]));

test("only a message that tells of a call does", () => {
  const message = { kind: "call", call: entry("1"), conversation_id: "of the message" };
  const event = { id: 1, type: "message_created", message } as unknown as StoredEvent;
  expect(entryOf(event)).toMatchObject({ id: "1", conversation_id: "of the message" });
  expect(entryOf({ ...event, message: { ...message, kind: "text" } } as unknown as StoredEvent)).toBeNull();
});

test("days", () => {
  const calls = [entry("3", { started_at: noon }), entry("2", { started_at: noon - HOUR }), entry("1", { started_at: noon - 24 * HOUR })];
  expect(byDay(calls).map(({ calls: of }) => of.map(({ id }) => id))).toEqual([["3", "2"], ["1"]]);
});

test("missed is what one was called with, did not answer and did not decline, since one has looked", () => {
  const calls = [
    entry("1", { ended_at: 10 }),
    entry("2", { ended_at: 20 }),
    entry("3", { ended_at: 20, outcome: "cancelled" }),
    entry("4", { ended_at: 20, outcome: "declined" }),
    entry("5", { ended_at: 20, caller_id: "boris", callee_id: "anna" }),
    entry("6", { ended_at: 20, answered_at: 5, outcome: "completed" }),
  ];
  expect(countMissed(calls, "boris", 10)).toBe(2);
});
