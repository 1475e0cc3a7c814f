/** What is found stays marked, wherever the text is cut. */
import { expect, test } from "vitest";
import type { Range } from "./search";
import { snippet } from "./snippet";

const marked = (text: string, found: Range[]): [string, string[]] => {
  const cut = snippet(text, found);
  return [cut.text, cut.ranges.map(([start, end]) => cut.text.slice(start, end))];
};

test("a short text stays whole, on one line", () => {
  expect(marked("the contract\nis signed", [[4, 12]])).toEqual(["the contract is signed", ["contract"]]);
});

test("a long text begins at a word shortly before what was found", () => {
  const text = `${"word ".repeat(50)}contract ${"more ".repeat(60)}`;
  const [shown, found] = marked(text, [[250, 258]]);
  expect(shown.startsWith("… word ")).toBe(true);
  expect(shown.indexOf("contract")).toBeLessThan(50);
  expect(shown.endsWith("…")).toBe(true);
  expect(found).toEqual(["contract"]);
});

test("a text without spaces is cut at what was found", () => {
  expect(marked(`${"x".repeat(100)}y`, [[100, 101]])).toEqual(["… y", ["y"]]);
});

test("nothing found: the beginning", () => {
  expect(marked("a".repeat(300), [])).toEqual([`${"a".repeat(200)}…`, []]);
});
