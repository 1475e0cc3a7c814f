/** Which parts of a text are mentions. */
import { expect, test } from "vitest";
import { mentionedNames, mentionPieces } from "./mentionPieces";

const people = new Map([
  ["a", { login: "anna" }],
  ["b", { login: "Boris.Stone" }],
]);

/** Mentions in brackets, those of the reader in double ones. */
function drawn(text: string, ids: string[], me = "a"): string {
  return mentionPieces(text, mentionedNames(ids, people, me))
    .map((piece) => (piece.kind === "text" ? piece.text : piece.me ? `[[${piece.text}]]` : `[${piece.text}]`))
    .join("");
}

test.each([
  ["@anna look", ["a"], "[[@anna]] look"],
  ["@ANNA, @boris.stone.", ["a", "b"], "[[@ANNA]], [@boris.stone]."],
  ["@все @all", ["a", "b"], "[[@все]] [[@all]]"],
  ["@all", ["b"], "[@all]"],
  ["mail@anna.example, @vera", ["a"], "mail@anna.example, @vera"],
  ["@anna", [], "@anna"],
])("%s", (text, ids, expected) => {
  expect(drawn(text, ids)).toBe(expected);
});
