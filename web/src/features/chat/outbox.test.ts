/** Messages on their way out: nothing lost, nothing twice, in order. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../../api/http";
import type { Message } from "../../api/types";
import { Outbox, type Outgoing } from "./outbox";
import type { Pages } from "./pages";

const message = (conversation_id: string, client_key: string, text: string): Message => ({
  id: client_key,
  conversation_id,
  seq: 1,
  sender_id: "me",
  client_key,
  created_at: 0,
  kind: "text",
  attachments: [],
  mentions: [],
  text,
});
const unreachable = new ApiError(0, "unreachable", "");

const started: Outbox[] = [];

/** Pages that live and die as the test says. */
class FakePages {
  readonly waiting = new Map<string, (() => void)[]>();
  of(id: string): Pages {
    return { id, whenGone: (page, then) => void this.waiting.set(page, [...(this.waiting.get(page) ?? []), then]) };
  }
  end(page: string): void {
    for (const then of this.waiting.get(page) ?? []) then();
    this.waiting.delete(page);
  }
}

function setUp(pages: Pages = { id: "page", whenGone: (_, then) => then() }) {
  const send = vi.fn(async ({ conversationId, clientKey, text }: Outgoing) => message(conversationId, clientKey, text));
  const sent = vi.fn();
  const signedOut = vi.fn();
  const gone = vi.fn();
  const outbox = new Outbox("me", { send, sent, gone, signedOut, pages });
  outbox.start();
  started.push(outbox);
  const states = (): string[] => outbox.items.get().map(({ text, state }) => `${text} ${state}`);
  const texts = (): string[] => send.mock.calls.map(([{ text }]) => text);
  return { outbox, send, sent, gone, signedOut, states, texts };
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});
afterEach(() => {
  for (const outbox of started.splice(0)) outbox.stop();
  vi.useRealTimers();
});
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

test("sent, told, forgotten", async () => {
  const { outbox, sent, states } = setUp();
  outbox.add("c", "hello");
  expect(states()).toEqual(["hello sending"]);
  await settle();
  expect(sent).toHaveBeenCalledWith(expect.objectContaining({ text: "hello" }));
  expect(states()).toEqual([]);
  expect(localStorage.length).toBe(0);
});

test("those of one conversation go one after another, others do not wait", async () => {
  const { outbox, send, texts } = setUp();
  let release: () => void = () => undefined;
  send.mockImplementationOnce(
    ({ conversationId: c, clientKey: k, text: t }) =>
      new Promise((resolve) => (release = () => resolve(message(c, k, t)))),
  );
  outbox.add("c", "one");
  outbox.add("c", "two");
  outbox.add("d", "other");
  await settle();
  expect(texts()).toEqual(["one", "other"]);
  release();
  await settle();
  expect(texts()).toEqual(["one", "other", "two"]);
});

test("without a network it waits, and goes with the same key", async () => {
  const { outbox, send, states } = setUp();
  send.mockRejectedValueOnce(unreachable).mockRejectedValueOnce(unreachable);
  outbox.add("c", "hello");
  await settle();
  expect(states()).toEqual(["hello waiting"]);
  await vi.advanceTimersByTimeAsync(1_000);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(states()).toEqual([]);
  expect(send.mock.calls.length).toBe(3);
  expect(new Set(send.mock.calls.map(([{ clientKey }]) => clientKey)).size).toBe(1);
});

test("a refusal is final until the writer tries again, with the same key; others go on", async () => {
  const { outbox, send, states, texts } = setUp();
  send.mockRejectedValueOnce(new ApiError(422, "message_too_long", ""));
  outbox.add("c", "long");
  outbox.add("c", "next");
  await settle();
  expect(states()).toEqual(["long failed"]);
  expect(outbox.items.get()[0]).toMatchObject({ code: "message_too_long" });
  outbox.retry(outbox.items.get()[0]!.clientKey);
  await settle();
  expect(states()).toEqual([]);
  expect(texts()).toEqual(["long", "next", "long"]);
  expect(send.mock.calls[0]![0].clientKey).toBe(send.mock.calls[2]![0].clientKey);
});

test("a signed-out user's message waits for the next sign-in", async () => {
  const { outbox, send, signedOut, states } = setUp();
  send.mockRejectedValueOnce(new ApiError(401, "not_signed_in", ""));
  outbox.add("c", "hello");
  await settle();
  expect(signedOut).toHaveBeenCalledOnce();
  expect(states()).toEqual(["hello waiting"]);
});

test("a reload loses nothing, and sends with the old key", async () => {
  const before = setUp();
  before.send.mockRejectedValue(unreachable);
  before.outbox.add("c", "one");
  vi.setSystemTime(Date.now() + 1);
  before.outbox.add("c", "two");
  await settle();
  before.outbox.stop();

  const after = setUp();
  after.outbox.start();
  await settle();
  expect(after.texts()).toEqual(["one", "two"]);
  expect(after.send.mock.calls[0]![0].clientKey).toBe(before.send.mock.calls[0]![0].clientKey);
  expect(localStorage.length).toBe(0);
});

test("broken or foreign storage does no harm", () => {
  localStorage.setItem("staffline.outbox.me.x", "{");
  localStorage.setItem("staffline.outbox.me.y", '{"text":1}');
  localStorage.setItem("staffline.outbox.other.z", JSON.stringify({ clientKey: "z", conversationId: "c", text: "t" }));
  expect(setUp().states()).toEqual([]);
});

test("an event that confirms it removes it, and signing out forgets all", async () => {
  const { outbox, send, states } = setUp();
  send.mockRejectedValue(unreachable);
  outbox.add("c", "one");
  outbox.add("c", "two");
  await settle();
  outbox.confirm(outbox.items.get()[0]!.clientKey);
  expect(states()).toEqual(["two waiting"]);
  outbox.clear();
  expect(localStorage.length).toBe(0);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(send).toHaveBeenCalledTimes(1);
});

test("says what became of a message, so that its files can be let go of", async () => {
  const { outbox, send, gone } = setUp();
  outbox.add("c", "", { uploads: ["one"] });
  await settle();
  expect(gone).toHaveBeenLastCalledWith(expect.objectContaining({ uploads: ["one"] }), true);
  send.mockRejectedValueOnce(new ApiError(413, "file_too_large", ""));
  outbox.add("c", "", { uploads: ["two"] });
  await settle();
  outbox.discard(outbox.items.get()[0]!.clientKey);
  expect(gone).toHaveBeenLastCalledWith(expect.objectContaining({ uploads: ["two"] }), false);
});

test("a file taken back leaves its message; a message that says nothing any more goes too", () => {
  const { outbox, send } = setUp();
  send.mockImplementation(() => new Promise(() => undefined));
  outbox.add("c", "look", { uploads: ["one", "two"] });
  outbox.add("c", "", { uploads: ["three"] });
  outbox.dropUpload("one");
  outbox.dropUpload("three");
  outbox.dropUpload("unknown");
  expect(outbox.items.get().map(({ text, uploads, state }) => [text, uploads, state])).toEqual([["look", ["two"], "sending"]]);
});

describe("two tabs", () => {
  /** Storage events reach the other tabs of a browser only; here there is one window for all. */
  function tell(from: Outbox, to: Outbox): void {
    from.stop();
    const seen = new Map(Object.entries(localStorage));
    for (const { clientKey } of to.items.get()) if (!seen.has(`staffline.outbox.me.${clientKey}`)) seen.set(`staffline.outbox.me.${clientKey}`, "");
    for (const [key, value] of seen) dispatchEvent(new StorageEvent("storage", { key, newValue: value === "" ? null : value }));
    from.start();
  }

  test("show what waits in either, and only the one that wrote it sends it", async () => {
    const pages = new FakePages();
    const one = setUp(pages.of("one"));
    const two = setUp(pages.of("two"));
    one.send.mockRejectedValueOnce(unreachable);
    one.outbox.add("c", "hello");
    await settle();
    tell(one.outbox, two.outbox);
    expect(two.states()).toEqual(["hello waiting"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(one.send).toHaveBeenCalledTimes(2);
    expect(two.send).not.toHaveBeenCalled();
    tell(one.outbox, two.outbox);
    expect(two.states()).toEqual([]);
  });

  test("when one is gone another sends what it left, in order and with the old keys", async () => {
    const pages = new FakePages();
    const one = setUp(pages.of("one"));
    one.send.mockRejectedValue(unreachable);
    one.outbox.add("c", "first");
    one.outbox.add("c", "second");
    const keys = one.outbox.items.get().map(({ clientKey }) => clientKey);
    await settle();
    one.outbox.stop();
    const two = setUp(pages.of("two"));
    const three = setUp(pages.of("three"));
    pages.end("one");
    await settle();
    expect(two.texts()).toEqual(["first", "second"]);
    expect(two.send.mock.calls.map(([{ clientKey }]) => clientKey)).toEqual(keys);
    expect(three.send).not.toHaveBeenCalled();
  });

  test("what is discarded in the one is not sent by the other", async () => {
    const pages = new FakePages();
    const one = setUp(pages.of("one"));
    const two = setUp(pages.of("two"));
    one.send.mockRejectedValue(unreachable);
    one.outbox.add("c", "hello");
    await settle();
    tell(one.outbox, two.outbox);
    two.outbox.discard(two.outbox.items.get()[0]!.clientKey);
    tell(two.outbox, one.outbox);
    one.send.mockClear();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(one.send).not.toHaveBeenCalled();
  });
});

test("written within one millisecond, they keep their order over a reload", async () => {
  const before = setUp();
  before.send.mockRejectedValue(unreachable);
  for (const text of ["one", "two", "three", "four"]) before.outbox.add("c", text);
  await settle();
  before.outbox.stop();
  const after = setUp();
  await settle();
  expect(after.texts()).toEqual(["one", "two", "three", "four"]);
});
