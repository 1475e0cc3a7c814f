/** Pages of history and events, joined without holes and without doubles. */
import { QueryClient } from "@tanstack/react-query";
import { describe, expect, test } from "vitest";
import type { Message } from "../../api/types";
import { quoteOf } from "./compose";
import { applyMessageEvent, changeMessage, joinAround, joinNewer, joinNewest, joinOlder, keyOf, lastTextOf, trim, type History } from "./history";
import type { TextMessage } from "./timeline";

const message = (seq: number, conversation_id = "c"): TextMessage => ({
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
const history = (seqs: number[], hasOlder = false, hasNewer = false): History => ({
  messages: seqs.map((seq) => message(seq)),
  hasOlder,
  hasNewer,
});
const seqs = ({ messages }: History): number[] => messages.map(({ seq }) => seq);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("a new message", () => {
  const apply = applyMessageEvent("c");
  const created = (seq: number, conversation = "c") => ({ id: seq, type: "message_created", message: message(seq, conversation) }) as const;
  test("comes once, at its place", () => {
    const once = apply(history([3, 7]), created(5));
    expect(seqs(once)).toEqual([3, 5, 7]);
    expect(apply(once, created(5))).toBe(once);
  });
  test("of another conversation changes nothing", () => {
    const before = history([3]);
    expect(apply(before, created(5, "d"))).toBe(before);
  });
  test("does not join a stretch that ends before the newest: between them there would be a hole", () => {
    const before = history([3, 7], true, true);
    expect(apply(before, created(9))).toBe(before);
    expect(seqs(apply(before, created(5)))).toEqual([3, 5, 7]);
  });
});

describe("a message that is another now", () => {
  const apply = applyMessageEvent("c");
  const reply: Message = { ...message(7), reply_to: quoteOf(message(3)) };
  const before: History = { ...history([]), messages: [message(3), reply] };
  const told = (now: Message) => apply(before, { id: 9, type: "message_updated", message: now });

  test("changes in its place, and where it is quoted", () => {
    const edited = { ...message(3), text: "other", edited_at: 9 };
    expect(told(edited).messages).toEqual([edited, { ...reply, reply_to: quoteOf(edited) }]);
    expect(apply(told(edited), { id: 9, type: "message_updated", message: edited })).toEqual(told(edited));
  });
  test("leaves a quote of nothing when it is deleted", () => {
    const { id, conversation_id, seq, sender_id, client_key, created_at } = message(3);
    const deleted: Message = { id, conversation_id, seq, sender_id, client_key, created_at, kind: "deleted", deleted_at: 9 };
    expect(told(deleted).messages[1]).toMatchObject({ reply_to: { message_id: "m3", text: "", deleted: true } });
  });
  test("and is not loaded changes nothing", () => {
    expect(told(message(5))).toBe(before);
  });
});

describe("the newest page, fetched again", () => {
  test("joins what it overlaps", () => {
    expect(joinNewest(history([1, 2, 3], true), history([3, 4]))).toEqual(history([1, 2, 3, 4], true));
  });
  test("replaces what it does not touch", () => {
    expect(joinNewest(history([1, 2]), history([8, 9], true))).toEqual(history([8, 9], true));
  });
  test("is all there is at first", () => {
    expect(joinNewest(undefined, history([1]))).toEqual(history([1]));
  });
});

test("a page around a known message says how it goes on only where it reaches further", () => {
  expect(joinAround(history([5, 6, 7], false, true), history([6, 7, 8], true, false))).toEqual(history([5, 6, 7, 8], false, false));
  expect(joinAround(history([5, 6, 7], true, true), history([6], true, true))).toEqual(history([5, 6, 7], true, true));
});

describe("a page at an end", () => {
  test("goes in front", () => {
    expect(joinOlder(history([5, 6], true), history([3, 4], false, true), 5)).toEqual(history([3, 4, 5, 6]));
  });
  test("goes behind", () => {
    expect(joinNewer(history([5, 6], true, true), history([7, 8], true), 6)).toEqual(history([5, 6, 7, 8], true));
  });
  test("is dropped if the stretch has been replaced meanwhile", () => {
    const now = history([50, 51], true, true);
    expect(joinOlder(now, history([3, 4]), 5)).toBe(now);
    expect(joinNewer(now, history([7, 8]), 6)).toBe(now);
  });
  test("makes room at the other end, which then has more", () => {
    const full = history(range(101, 2_100), true);
    const up = joinOlder(full, history(range(51, 100), true, true), 101);
    expect([up.messages[0]?.seq, up.messages.length, up.hasNewer]).toEqual([51, 2_000, true]);
    const down = joinNewer({ ...full, hasOlder: false, hasNewer: true }, history(range(2_101, 2_150), true), 2_100);
    expect([down.messages.at(-1)?.seq, down.messages.length, down.hasOlder]).toEqual([2_150, 2_000, true]);
  });
});

test("of a chat that one leaves, the newest are kept", () => {
  const grown = history(range(0, 400));
  expect(seqs(trim(grown))).toEqual(range(201, 400));
  expect(trim(grown).hasOlder).toBe(true);
  const small = history([1, 2]);
  expect(trim(small)).toBe(small);
});

test("what is loaded can be changed and asked for", () => {
  const cache = new QueryClient();
  cache.setQueryData(keyOf("c"), history([1, 2]));
  changeMessage(cache, "c", "m2", (old) => ({ ...old, text: "changed" }) as Message);
  expect(lastTextOf(cache, "c", "u")).toMatchObject({ id: "m2", text: "changed" });
  expect(lastTextOf(cache, "c", "somebody else")).toBeUndefined();
});

describe("messages whose time is over", () => {
  const apply = applyMessageEvent("c");
  const erased = (up_to: number, conversation_id = "c") => ({ id: 99, type: "messages_erased", conversation_id, up_to }) as const;
  test("go, with the quotes of them, and what is left is the beginning", () => {
    const before = history([3, 5, 7], true);
    const reply: Message = { ...message(7), reply_to: quoteOf(message(3)) };
    const after = apply({ ...before, messages: [message(3), message(5), reply] }, erased(4));
    expect(seqs(after)).toEqual([5, 7]);
    expect(after.messages[1]).toMatchObject({ reply_to: null });
    expect(after.hasOlder).toBe(false);
    expect(apply(after, erased(4))).toBe(after);
  });
  test("of another conversation, or further up than what is loaded, change nothing here", () => {
    const before = history([5], true);
    expect(apply(before, erased(9, "d"))).toBe(before);
    expect(apply(before, erased(4))).toBe(before);
  });
});
