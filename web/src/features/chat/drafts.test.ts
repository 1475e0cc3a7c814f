/** Unsent texts: none lost, none overwritten, none left behind. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../api/http";
import type { Draft, Quote } from "../../api/types";
import { Drafts, SAVE_AFTER_MS, type DraftText } from "./drafts";

const quote: Quote = { message_id: "m", seq: 1, sender_id: "u", text: "original", attachment: null, deleted: false };
const draft = (text: string, reply_to: Quote | null = null): Draft => ({ text, reply_to, updated_at: 0 });

function setUp() {
  const save = vi.fn<(id: string, draft: DraftText, leaving: boolean) => Promise<void>>(async () => undefined);
  const drafts = new Drafts("me", { save });
  drafts.start();
  opened.push(drafts);
  const saved = (): string[] => save.mock.calls.map(([, { text }]) => text);
  return { drafts, save, saved };
}

const opened: Drafts[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});
afterEach(() => {
  opened.splice(0).forEach((drafts) => drafts.stop());
  vi.useRealTimers();
});
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

test("saved once, a while after the last letter, with its reply", async () => {
  const { drafts, save } = setUp();
  drafts.write("c", { text: "h" });
  await pass(SAVE_AFTER_MS - 1);
  drafts.write("c", { text: "hi", replyTo: quote });
  await pass(SAVE_AFTER_MS - 1);
  expect(save).not.toHaveBeenCalled();
  await pass(1);
  expect(save).toHaveBeenCalledExactlyOnceWith("c", expect.objectContaining({ text: "hi", replyTo: quote }), false);
});

test("kept in the browser at once, also what the server has not got", async () => {
  const first = setUp();
  first.drafts.write("c", { text: "hi", replyTo: quote });
  first.drafts.stop();
  const second = setUp();
  expect(second.drafts.of("c")).toMatchObject({ text: "hi", replyTo: quote });
  await pass(0);
  expect(second.saved()).toEqual(["hi"]);
});

test("a page that goes takes the time to save", () => {
  const { drafts, save } = setUp();
  drafts.write("c", { text: "hi" });
  window.dispatchEvent(new Event("pagehide"));
  expect(save).toHaveBeenCalledExactlyOnceWith("c", expect.objectContaining({ text: "hi" }), true);
});

test("what another device wrote is taken, with its reply; and its end too", () => {
  const { drafts } = setUp();
  drafts.take("c", draft("from the phone", quote));
  expect(drafts.of("c")).toMatchObject({ text: "from the phone", replyTo: quote });
  drafts.take("c", null);
  expect(drafts.of("c")).toMatchObject({ text: "", replyTo: null });
});

test("what is being written here is never overwritten", async () => {
  const { drafts, saved } = setUp();
  drafts.write("c", { text: "here" });
  drafts.take("c", draft("elsewhere"));
  expect(drafts.of("c").text).toBe("here");
  await pass(SAVE_AFTER_MS);
  expect(saved()).toEqual(["here"]);
});

test("the echo of an earlier save does not take back what came after it", async () => {
  const { drafts } = setUp();
  drafts.write("c", { text: "one" });
  await pass(SAVE_AFTER_MS);
  drafts.write("c", { text: "two" });
  await pass(SAVE_AFTER_MS);
  drafts.take("c", draft("one"));
  expect(drafts.of("c").text).toBe("two");
  drafts.take("c", draft("two"));
  drafts.take("c", draft("three, on the phone"));
  expect(drafts.of("c").text).toBe("three, on the phone");
});

test("saves of one chat go one after another, and the last one says what is there", async () => {
  const { drafts, save, saved } = setUp();
  let release: () => void = () => undefined;
  save.mockImplementationOnce(() => new Promise((resolve) => (release = resolve)));
  drafts.write("c", { text: "one" });
  await pass(SAVE_AFTER_MS);
  drafts.write("c", { text: "two" });
  await pass(SAVE_AFTER_MS);
  expect(saved()).toEqual(["one"]);
  release();
  await pass(SAVE_AFTER_MS);
  expect(saved()).toEqual(["one", "two"]);
});

test("sent: forgotten here, and on the server if it had come there", async () => {
  const { drafts, saved } = setUp();
  drafts.write("c", { text: "quick" });
  drafts.sent("c");
  await pass(60_000);
  expect(saved()).toEqual([]);
  expect(localStorage.length).toBe(0);
  drafts.write("c", { text: "slow" });
  await pass(SAVE_AFTER_MS);
  drafts.sent("c");
  await pass(60_000);
  expect(saved()).toEqual(["slow", ""]);
  expect(localStorage.length).toBe(0);
});

test("a save under way when the message is sent is taken back after it", async () => {
  const { drafts, save, saved } = setUp();
  let release: () => void = () => undefined;
  save.mockImplementationOnce(() => new Promise((resolve) => (release = resolve)));
  drafts.write("c", { text: "slow" });
  await pass(SAVE_AFTER_MS);
  drafts.sent("c");
  release();
  await pass(SAVE_AFTER_MS);
  expect(saved()).toEqual(["slow", ""]);
});

test("without a network it is tried again; a refusal waits for the next change", async () => {
  const { drafts, save, saved } = setUp();
  save.mockRejectedValueOnce(new ApiError(0, "unreachable", ""));
  drafts.write("c", { text: "one" });
  await pass(SAVE_AFTER_MS + 15_000);
  expect(saved()).toEqual(["one", "one"]);
  save.mockRejectedValueOnce(new ApiError(422, "message_too_long", ""));
  drafts.write("c", { text: "two" });
  await pass(60_000);
  expect(saved()).toEqual(["one", "one", "two"]);
  drafts.take("c", null);
  expect(drafts.of("c").text).toBe("two");
});

test("signing out forgets all, and another user sees nothing", () => {
  const { drafts } = setUp();
  drafts.write("c", { text: "secret" });
  expect(new Drafts("other", { save: async () => undefined }).of("c").text).toBe("");
  drafts.clear();
  expect(localStorage.length).toBe(0);
});

test("broken storage does no harm", () => {
  localStorage.setItem("staffline.draft.me.c", "{");
  localStorage.setItem("staffline.draft.me.d", '{"text":1}');
  const { drafts } = setUp();
  expect(drafts.of("c").text + drafts.of("d").text).toBe("");
});
