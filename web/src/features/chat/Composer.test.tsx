/** The keys of the input. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { editMessage } from "../../api/routes";
import { ApiError } from "../../api/http";
import { startWords } from "../../i18n";
import "../../lib/patience.test-support";
import { Compose, type TextMessage } from "./compose";
import { Composer } from "./Composer";
import { ComposerContext } from "./ComposerContext";
import { Drafts } from "./drafts";
import { Typing } from "./typing";
import { LONGEST } from "./useComposer";

const add = vi.fn();
const tell = vi.fn();
const people = vi.hoisted(() => [
  { id: "me", login: "me", name: "Me Myself" },
  { id: "a", login: "anna", name: "Анна Петрова" },
  { id: "b", login: "boris", name: "Boris Stone" },
]);
const chat = vi.hoisted(() => ({ kind: "direct" }));
vi.mock(import("./context"), async (original) => ({ ...(await original()), useOutbox: () => ({ add }) as never }));
vi.mock(import("../users"), async (original) => ({
  ...(await original()),
  useMe: () => people[0] as never,
  useUser: (id) => people.find((one) => one.id === id) as never,
  useUsers: () => ({ data: people }) as never,
}));
vi.mock(import("./conversations"), async (original) => ({
  ...(await original()),
  useConversation: () => ({ id: "c", kind: chat.kind, members: people.map(({ id }) => ({ user_id: id })) }) as never,
}));
vi.mock(import("./useComposerSlots"), () => ({
  useComposerSlots: () => ({ attach: null, tray: null, microphone: null, recording: null, uploads: [], onSent: () => undefined }),
}));
vi.mock(import("../../api/routes"), async (original) => ({ ...(await original()), editMessage: vi.fn() }));

const message: TextMessage = {
  id: "m", conversation_id: "c", seq: 1, sender_id: "me", client_key: "k", created_at: 0, kind: "text", text: "hello", attachments: [], mentions: [],
};

let touch = false;
beforeAll(startWords);
afterEach(cleanup);
beforeEach(() => {
  add.mockClear();
  tell.mockClear();
  localStorage.clear();
  touch = false;
  chat.kind = "direct";
  vi.stubGlobal("matchMedia", () => ({ matches: touch, addEventListener: () => undefined, removeEventListener: () => undefined }));
});

function setUp(drafts = new Drafts("me", { save: async () => undefined })) {
  const compose = new Compose(drafts);
  const cache = new QueryClient();
  cache.setQueryData(["messages", "c"], { messages: [message], hasMore: false });
  const view = render(
    <QueryClientProvider client={cache}>
      <ComposerContext value={{ drafts, compose, typing: new Typing(tell) }}>
        <Composer conversationId="c" />
      </ComposerContext>
    </QueryClientProvider>,
  );
  return { ...view, input: screen.getByRole("textbox"), drafts, compose, user: userEvent.setup() };
}

test("Enter sends what was written, without the blanks around it", async () => {
  const { input, user } = setUp();
  await user.type(input, "  hello {Enter}");
  expect(add).toHaveBeenCalledExactlyOnceWith("c", "hello", { replyTo: null, uploads: [] });
  expect(input).toHaveProperty("value", "");
});

test("Shift+Enter breaks the line, Ctrl+Enter sends", async () => {
  const { input, user } = setUp();
  await user.type(input, "one{Shift>}{Enter}{/Shift}two");
  expect(add).not.toHaveBeenCalled();
  expect(input).toHaveProperty("value", "one\ntwo");
  await user.type(input, "{Control>}{Enter}{/Control}");
  expect(add).toHaveBeenCalledOnce();
});

test("on a touch screen Enter breaks the line and the button sends", async () => {
  touch = true;
  const { input, user } = setUp();
  await user.type(input, "one{Enter}two");
  expect(add).not.toHaveBeenCalled();
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(add).toHaveBeenCalledExactlyOnceWith("c", "one\ntwo", { replyTo: null, uploads: [] });
});

test("nothing, or too much, is not sent", async () => {
  const { drafts, input, user } = setUp();
  drafts.write("c", { text: "x".repeat(LONGEST + 1) });
  await user.type(input, "{Enter}");
  expect(screen.getByRole("alert").textContent).toContain("1");
  await user.clear(input);
  await user.type(input, "   {Enter}");
  expect(add).not.toHaveBeenCalled();
});

test("an unsent text is there when one comes back to the chat", async () => {
  const first = setUp();
  await first.user.type(first.input, "draft");
  first.unmount();
  expect(setUp(first.drafts).input).toHaveProperty("value", "draft");
});

test("a reply shows what it answers, goes with the message, and Escape takes it off", async () => {
  const { compose, input, user } = setUp();
  compose.reply("c", { ...message, sender_id: "a" });
  await user.type(input, "yes{Escape}");
  expect(screen.queryByText("Анна Петрова")).toBeNull();
  expect(input).toHaveProperty("value", "yes");
  compose.reply("c", { ...message, sender_id: "a" });
  expect(await screen.findByText("Анна Петрова")).toBeDefined();
  await user.type(input, "{Enter}");
  expect(add).toHaveBeenCalledExactlyOnceWith("c", "yes", { replyTo: expect.objectContaining({ message_id: "m" }), uploads: [] });
  expect(screen.queryByText("Анна Петрова")).toBeNull();
});

test("the arrow up edits the last own message; a refusal keeps the new text", async () => {
  const { input, user } = setUp();
  vi.mocked(editMessage).mockRejectedValueOnce(new ApiError(0, "unreachable", "")).mockResolvedValueOnce({ ...message, text: "hello there" });
  await user.type(input, "{ArrowUp}");
  expect(input).toHaveProperty("value", "hello");
  await user.type(input, " there{Enter}");
  expect(await screen.findByRole("alert")).toBeDefined();
  expect(input).toHaveProperty("value", "hello there");
  await user.type(input, "{Enter}");
  expect(editMessage).toHaveBeenLastCalledWith("m", "hello there");
  expect(input).toHaveProperty("value", "");
  expect(add).not.toHaveBeenCalled();
});

test("Escape gives up an edit, and the draft is back", async () => {
  const { compose, drafts, input, user } = setUp();
  drafts.write("c", { text: "my draft" });
  compose.edit("c", message);
  await user.type(input, " changed{Escape}");
  expect(input).toHaveProperty("value", "my draft");
  expect(editMessage).not.toHaveBeenCalledWith("m", "hello changed");
});

test("an @ offers the members of a group, by keyboard", async () => {
  chat.kind = "group";
  const { input, user } = setUp();
  await user.type(input, "hi @");
  expect(screen.getAllByRole("option").length).toBe(3);
  await user.type(input, "{ArrowDown}");
  expect(screen.getByRole("option", { selected: true }).textContent).toContain("Анна");
  expect(input.getAttribute("aria-activedescendant")).toBe(screen.getByRole("option", { selected: true }).id);
  await user.type(input, "{Enter}");
  expect(input).toHaveProperty("value", "hi @anna ");
  await user.type(input, "@бор{Escape}");
  expect(screen.queryByRole("listbox")).toBeNull();
  expect(add).not.toHaveBeenCalled();
});

test("a direct chat has nobody to name", async () => {
  const { input, user } = setUp();
  await user.type(input, "@");
  expect(screen.queryByRole("listbox")).toBeNull();
});

test("others are told that one writes, not that one edits", async () => {
  const { compose, input, user } = setUp();
  await user.type(input, "hello");
  expect(tell).toHaveBeenCalledExactlyOnceWith("c");
  await user.clear(input);
  tell.mockClear();
  compose.edit("c", message);
  await user.type(input, "!");
  expect(tell).not.toHaveBeenCalled();
});
