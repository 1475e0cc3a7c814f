/** Who is writing: shown as long as they do, told no oftener than needed. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SHOWN_MS, TELL_EVERY_MS, Typing } from "./typing";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("shown for a while after each frame, each once, in each chat by itself", () => {
  const typing = new Typing(() => undefined);
  typing.began("c", "anna");
  vi.advanceTimersByTime(SHOWN_MS - 1);
  typing.began("c", "boris");
  typing.began("c", "anna");
  expect(typing.of("c")).toEqual(["anna", "boris"]);
  expect(typing.of("d")).toEqual([]);
  vi.advanceTimersByTime(SHOWN_MS - 1);
  expect(typing.of("c")).toEqual(["anna", "boris"]);
  vi.advanceTimersByTime(1);
  expect(typing.of("c")).toEqual([]);
});

test("ends when the message has come", () => {
  const typing = new Typing(() => undefined);
  const changed = vi.fn();
  typing.began("c", "anna");
  typing.subscribe(changed);
  typing.ended("c", "anna");
  typing.ended("c", "boris");
  expect(typing.of("c")).toEqual([]);
  expect(changed).toHaveBeenCalledOnce();
});

test("told at the first letter, and at most every few seconds", () => {
  const tell = vi.fn();
  const typing = new Typing(tell);
  for (let at = 0; at < TELL_EVERY_MS; at += 100) {
    typing.write("c");
    vi.advanceTimersByTime(100);
  }
  expect(tell).toHaveBeenCalledExactlyOnceWith("c");
  typing.write("c");
  typing.write("d");
  expect(tell.mock.calls).toEqual([["c"], ["c"], ["d"]]);
});

test("the first letter after sending is told at once", () => {
  const tell = vi.fn();
  const typing = new Typing(tell);
  typing.write("c");
  typing.sent("c");
  typing.write("c");
  expect(tell).toHaveBeenCalledTimes(2);
});
