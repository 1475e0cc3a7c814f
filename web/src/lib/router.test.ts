/** Addresses and what they mean. */
import { expect, test } from "vitest";
import { parse, pathOf, type Route } from "./router";

test.each<Route>([
  { name: "home" },
  { name: "chat", conversationId: "c1" },
  { name: "chat", conversationId: "c1", seq: 42 },
  { name: "admin" },
  { name: "admin", section: "recording" },
  { name: "recordings" },
  { name: "recordings", list: "failures" },
  { name: "recordings", list: "conversations" },
  { name: "recordings", list: "conversations", id: "0192-a" },
  { name: "recordings", list: "conversations", id: "0192-a", seq: 7 },
  { name: "recordings", id: "0192-a" },
  { name: "invitation" },
])("%o comes back from its address", (route) => {
  expect(parse(pathOf(route))).toEqual(route);
});

test.each(["/chat/c1/x", "/chat/c1/0", "/chat/c1/-4", "/chat/c1/1.5"])("%s opens the chat at its end", (path) => {
  expect(parse(path)).toEqual({ name: "chat", conversationId: "c1" });
});
