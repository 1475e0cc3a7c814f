/** The keys of the input. */
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { startWords } from "../../i18n";
import { Compose } from "./compose";
import { Composer, LONGEST } from "./Composer";

const add = vi.fn();
const compose = new Compose();
vi.mock(import("./context"), async (original) => ({
  ...(await original()),
  useOutbox: () => ({ add }) as never,
  useCompose: () => compose,
  useComposing: () => compose.of("c"),
}));
vi.mock(import("./useComposerSlots"), () => ({
  useComposerSlots: () => ({ attach: null, tray: null, microphone: null, recording: null, uploads: [], onSent: () => undefined, onFiles: () => undefined }),
}));

let touch = false;
beforeAll(startWords);
afterEach(cleanup);
beforeEach(() => {
  add.mockClear();
  touch = false;
  vi.stubGlobal("matchMedia", () => ({ matches: touch, addEventListener: () => undefined, removeEventListener: () => undefined }));
});

function setUp(drafts = new Map<string, string>()) {
  const view = render(<Composer conversationId="c" drafts={drafts} />);
  return { ...view, input: screen.getByRole("textbox"), drafts, user: userEvent.setup() };
}

test("Enter sends what was written, without the blanks around it", async () => {
  const { input, user } = setUp();
  await user.type(input, "  hello {Enter}");
  expect(add).toHaveBeenCalledExactlyOnceWith("c", "hello", { replyTo: null, uploads: [] });
  expect(input).toHaveProperty("value", "");
});

test("Shift+Enter breaks the line", async () => {
  const { input, user } = setUp();
  await user.type(input, "one{Shift>}{Enter}{/Shift}two");
  expect(add).not.toHaveBeenCalled();
  expect(input).toHaveProperty("value", "one\ntwo");
});

test("on a touch screen Enter breaks the line and the button sends", async () => {
  touch = true;
  const { input, user } = setUp();
  await user.type(input, "one{Enter}two");
  expect(add).not.toHaveBeenCalled();
  await user.click(screen.getByRole("button"));
  expect(add).toHaveBeenCalledExactlyOnceWith("c", "one\ntwo", { replyTo: null, uploads: [] });
});

test("nothing, or too much, is not sent", async () => {
  const { input, user } = setUp(new Map([["c", "x".repeat(LONGEST + 1)]]));
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
  const second = setUp(first.drafts);
  expect(second.input).toHaveProperty("value", "draft");
});
