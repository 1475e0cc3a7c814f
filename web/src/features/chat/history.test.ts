/** Pages of history and events, joined without holes and without doubles. */
import { describe, expect, test } from "vitest";
import type { Message } from "../../api/types";
import { applyMessageEvent, joinNewest, joinOlder, trim, type History } from "./history";

const message = (seq: number, conversation_id = "c"): Message => ({
  id: `m${seq}`,
  conversation_id,
  seq,
  sender_id: "u",
  client_key: `k${seq}`,
  created_at: seq,
  kind: "text",
  attachments: [],
  mentions: [],
  text: String(seq),
});
const history = (seqs: number[], hasMore = false): History => ({ messages: seqs.map((seq) => message(seq)), hasMore });
const seqs = ({ messages }: History): number[] => messages.map(({ seq }) => seq);

describe("an event", () => {
  const apply = applyMessageEvent("c");
  test("adds its message once, at its place", () => {
    const event = { id: 5, type: "message_created", message: message(5) } as const;
    const once = apply(history([3, 7]), event);
    expect(seqs(once)).toEqual([3, 5, 7]);
    expect(apply(once, event)).toBe(once);
  });
  test("of another conversation changes nothing", () => {
    const before = history([3]);
    expect(apply(before, { id: 5, type: "message_created", message: message(5, "d") })).toBe(before);
  });
});

describe("the newest page, fetched again", () => {
  test("joins what it overlaps", () => {
    expect(joinNewest(history([1, 2, 3], true), history([3, 4]))).toEqual(history([1, 2, 3, 4], true));
  });
  test("replaces what it does not touch: there would be a hole", () => {
    expect(joinNewest(history([1, 2]), history([8, 9], true))).toEqual(history([8, 9], true));
  });
  test("is all there is at first", () => {
    expect(joinNewest(undefined, history([1]))).toEqual(history([1]));
  });
});

describe("an older page", () => {
  test("goes in front", () => {
    expect(joinOlder(history([5, 6], true), history([3, 4]), 5)).toEqual(history([3, 4, 5, 6]));
  });
  test("is dropped if the history has been replaced meanwhile", () => {
    const now = history([50, 51], true);
    expect(joinOlder(now, history([3, 4]), 5)).toBe(now);
  });
});

test("a history that grows without end is trimmed to its newest, and says that there is more", () => {
  const grown = history(Array.from({ length: 401 }, (_, seq) => seq));
  expect(seqs(trim(grown))).toEqual(Array.from({ length: 200 }, (_, i) => 201 + i));
  expect(trim(grown).hasMore).toBe(true);
  const small = history([1, 2]);
  expect(trim(small)).toBe(small);
});
