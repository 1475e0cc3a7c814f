/** Replying and editing, beside the draft. */
import { beforeEach, expect, test, vi } from "vitest";
import type { Attachment, Message } from "../../api/types";
import { Compose, quoteOf, type TextMessage } from "./compose";
import { Drafts } from "./drafts";

const message: TextMessage = {
  id: "m", conversation_id: "c", seq: 1, sender_id: "u", client_key: "k", created_at: 0, kind: "text", text: "hello", attachments: [], mentions: [],
};
const photo: Attachment = { id: "a", kind: "image", name: "a.png", content_type: "image/png", size: 1, preview: true };

beforeEach(() => localStorage.clear());

function setUp() {
  const drafts = new Drafts("me", { save: async () => undefined });
  const compose = new Compose(drafts);
  const begun = vi.fn();
  compose.onBegin(begun);
  return { drafts, compose, begun };
}

test("a reply belongs to the draft, and goes without its text", () => {
  const { drafts, compose, begun } = setUp();
  drafts.write("c", { text: "my answer" });
  compose.reply("c", message);
  expect(compose.of("c")).toMatchObject({ mode: "reply", quote: { message_id: "m", text: "hello" } });
  expect(compose.of("c")).toBe(compose.of("c"));
  expect(begun).toHaveBeenCalledExactlyOnceWith("c");
  compose.cancel("c");
  expect(compose.of("c").mode).toBe("new");
  expect(drafts.of("c").text).toBe("my answer");
});

test("an edit leaves the draft and its reply alone", () => {
  const { drafts, compose } = setUp();
  drafts.write("c", { text: "my answer" });
  compose.reply("c", message);
  compose.edit("c", message);
  compose.retext("c", "hello there");
  expect(compose.of("c")).toMatchObject({ mode: "edit", text: "hello there" });
  expect(compose.of("d").mode).toBe("new");
  compose.cancel("c");
  expect(compose.of("c").mode).toBe("reply");
  expect(drafts.of("c").text).toBe("my answer");
});

test("calls are neither replied to nor edited", () => {
  const { compose, begun } = setUp();
  const deleted = { ...message, kind: "deleted", deleted_at: 1 } as Message;
  compose.reply("c", deleted);
  compose.edit("c", deleted);
  expect(compose.of("c").mode).toBe("new");
  expect(begun).not.toHaveBeenCalled();
});

test("a quote is an excerpt, whole characters, with the first attachment and how many more", () => {
  const quote = quoteOf({ ...message, text: "😀".repeat(300), attachments: [photo, photo, photo] });
  expect(quote.text).toBe("😀".repeat(200));
  expect(quote.attachment).toEqual({ ...photo, more: 2 });
});
