/** Days, groups and what is on its way. */
import { expect, test } from "vitest";
import type { Message } from "../../api/types";
import type { Outgoing } from "./outbox";
import { timeline, type Day } from "./timeline";

const NOON = new Date(2026, 10, 20, 12).getTime();
const MINUTE = 60_000;

function message(minute: number, sender_id: string, text: string): Message {
  const key = `${minute}-${text}`;
  return { id: key, conversation_id: "c", seq: minute, sender_id, client_key: key, created_at: NOON + minute * MINUTE, kind: "text", attachments: [], mentions: [], text };
}

function outgoing(minute: number, text: string, state: Outgoing["state"] = "waiting"): Outgoing {
  return { clientKey: `${minute}-${text}`, conversationId: "c", text, replyTo: null, uploads: [], createdAt: NOON + minute * MINUTE, state };
}

/** `[` begins a group, `]` ends it. */
function drawn(days: Day[]): string[] {
  return days.map(({ entries }) =>
    entries
      .map((entry) => (entry.kind === "call" ? "call" : `${entry.first ? "[" : ""}${entry.text}${entry.last ? "]" : ""}`))
      .join(" "),
  );
}

test("messages of one person within five minutes are a group", () => {
  const messages = [message(0, "a", "1"), message(4, "a", "2"), message(5, "b", "3"), message(6, "a", "4"), message(12, "a", "5")];
  expect(drawn(timeline(messages, [], "me"))).toEqual(["[1 2] [3] [4] [5]"]);
});

test("a call and a new day end a group", () => {
  const call: Message = {
    id: "x",
    conversation_id: "c",
    seq: 2,
    sender_id: "a",
    client_key: "x",
    created_at: NOON + MINUTE,
    kind: "call",
    call: { id: "x", kind: "audio", outcome: "missed", caller_id: "a", callee_id: "me", started_at: NOON, ended_at: NOON },
  };
  const messages = [message(0, "a", "1"), call, message(2, "a", "2"), message(24 * 60, "a", "3")];
  expect(drawn(timeline(messages, [], "me"))).toEqual(["[1] call [2]", "[3]"]);
});

test("what is on its way comes last, and once it has arrived only once", () => {
  const messages = [message(0, "me", "arrived"), message(2, "b", "other")];
  const days = timeline(messages, [outgoing(0, "arrived"), outgoing(1, "new"), outgoing(1, "bad", "failed")], "me");
  expect(drawn(days)).toEqual(["[arrived] [other] [new bad]"]);
  expect(days[0]!.entries.map((entry) => (entry.kind === "text" ? entry.state : ""))).toEqual(["sent", "sent", "waiting", "failed"]);
});

test("somebody else's message with the same key is another message", () => {
  expect(drawn(timeline([message(0, "b", "x")], [outgoing(0, "x")], "me"))).toEqual(["[x] [x]"]);
});
