/** Days, groups, what is on its way, and what is new. */
import { describe, expect, test } from "vitest";
import type { Message } from "../../api/types";
import type { Outgoing } from "./outbox";
import { daysOf, entriesOf, type Day, type Reader, type TextMessage } from "./timeline";

const NOON = new Date(2026, 10, 20, 12).getTime();
const MINUTE = 60_000;
const READER: Reader = { me: "me", readByOthers: -1, lineAfter: null };

function message(minute: number, sender_id: string, text: string): TextMessage {
  const key = `${minute}-${text}`;
  return { id: key, conversation_id: "c", seq: minute, sender_id, client_key: key, created_at: NOON + minute * MINUTE, kind: "text", attachments: [], mentions: [], text };
}

function outgoing(minute: number, text: string, state: Outgoing["state"] = "waiting"): Outgoing {
  return { clientKey: `${minute}-${text}`, conversationId: "c", text, replyTo: null, uploads: [], createdAt: NOON + minute * MINUTE, state, page: "p" };
}

function days(messages: Message[], waiting: Outgoing[] = [], reader: Partial<Reader> = {}): Day[] {
  return daysOf(entriesOf(messages, waiting, { ...READER, ...reader }));
}

/** `[` begins a group, `]` ends it. */
function drawn(shown: Day[]): string[] {
  return shown.map(({ entries }) =>
    entries
      .map((entry) => (entry.kind === "text" ? `${entry.first ? "[" : ""}${entry.text}${entry.last ? "]" : ""}` : entry.kind))
      .join(" "),
  );
}

const states = (shown: Day[]): string[] => shown.flatMap(({ entries }) => entries.map((entry) => (entry.kind === "text" ? entry.state : "")));

describe("groups", () => {
  test("are messages of one person within five minutes", () => {
    const messages = [message(0, "a", "1"), message(4, "a", "2"), message(5, "b", "3"), message(6, "a", "4"), message(12, "a", "5")];
    expect(drawn(days(messages))).toEqual(["[1 2] [3] [4] [5]"]);
  });
  test("end at a call, at a notice, and with the day", () => {
    const base = { conversation_id: "c", sender_id: "a", client_key: "x", created_at: NOON + MINUTE };
    const call: Message = {
      ...base,
      id: "x",
      seq: 2,
      kind: "call",
      call: { id: "x", kind: "audio", outcome: "missed", caller_id: "a", callee_id: "me", started_at: NOON, ended_at: NOON },
    };
    const notice: Message = { ...base, id: "y", seq: 3, kind: "notice", notice: { what: "member_left" } };
    const messages = [message(0, "a", "1"), call, message(2, "a", "2"), notice, message(3, "a", "3"), message(24 * 60, "a", "4")];
    expect(drawn(days(messages))).toEqual(["[1] call [2] notice [3]", "[4]"]);
  });
});

describe("what is on its way", () => {
  test("comes last, and once it has arrived only once", () => {
    const messages = [message(0, "me", "arrived"), message(2, "b", "other")];
    const shown = days(messages, [outgoing(0, "arrived"), outgoing(1, "new"), outgoing(1, "bad", "failed")]);
    expect(drawn(shown)).toEqual(["[arrived] [other] [new bad]"]);
    expect(states(shown)).toEqual(["sent", "sent", "waiting", "failed"]);
  });
  test("is the same entry when it has arrived", () => {
    const [before, after] = [days([], [outgoing(1, "x")]), days([message(1, "me", "x")])];
    expect(before[0]?.entries[0]?.key).toBe(after[0]?.entries[0]?.key);
  });
  test("is not somebody else's message with the same key", () => {
    expect(drawn(days([message(0, "b", "x")], [outgoing(0, "x")]))).toEqual(["[x] [x]"]);
  });
});

test("what somebody else has read is read", () => {
  const shown = days([message(1, "me", "1"), message(2, "me", "2"), message(3, "me", "3")], [], { readByOthers: 2 });
  expect(states(shown)).toEqual(["read", "read", "sent"]);
});

describe("the line", () => {
  const messages = [message(1, "a", "1"), message(2, "me", "2"), message(3, "a", "3"), message(4, "a", "4")];
  test("stands above the first message of somebody else that is new, and ends a group", () => {
    expect(drawn(days(messages, [], { lineAfter: 1 }))).toEqual(["[1] [2] line [3 4]"]);
    expect(drawn(days(messages, [], { lineAfter: 3 }))).toEqual(["[1] [2] [3] line [4]"]);
  });
  test("is not there if nothing is new", () => {
    expect(drawn(days(messages, [], { lineAfter: 4 }))).toEqual(["[1] [2] [3 4]"]);
  });
});
