/** Which parts of a text become links. */
import { expect, test } from "vitest";
import { linkify } from "./links";

function hrefs(text: string): string[] {
  return linkify(text).flatMap((piece) => (piece.kind === "link" ? [piece.href] : []));
}

test.each([
  ["see https://example.org/a?b=1#c.", ["https://example.org/a?b=1#c"]],
  ["(https://example.org/x_(y))", ["https://example.org/x_(y)"]],
  ["www.example.org, please", ["https://www.example.org"]],
  ["write to a.b@example.org", ["mailto:a.b@example.org"]],
  ["«https://пример.рф/путь»", ["https://пример.рф/путь"]],
  ["javascript:alert(1) data:text/html,x file:///etc", []],
  ["no links", []],
])("%s", (text, expected) => {
  expect(hrefs(text)).toEqual(expected);
});

test("nothing of the text is lost", () => {
  const text = "a https://example.org/. b www.x.org c";
  expect(linkify(text).map((piece) => piece.text).join("")).toBe(text);
});
