/** Who an `@` may mean. */
import { expect, test } from "vitest";
import type { User } from "../../api/types";
import { candidates, mentioningAt } from "./mentions";

const user = (login: string, name: string, deactivated_at: number | null = null): User =>
  ({ id: login, login, name, deactivated_at }) as User;
const anna = user("anna.p", "Анна Петрова");
const alyona = user("alyona", "Алёна Ким");
const boris = user("boris", "Boris Stone");
const gone = user("gone", "Анна Ушла", 1);
const members = [anna, alyona, boris, gone];

const found = (query: string): string[] => candidates(query, members).map((one) => (one.kind === "all" ? "@all" : one.user.login));

test.each([
  ["@", 0, ""],
  ["hi @an", 3, "an"],
  ["(@анна", 1, "анна"],
  ["two\n@b", 4, "b"],
  ["@;fyyf", 0, ";fyyf"],
])("in %j begins at %i", (text, from, query) => {
  expect(mentioningAt(text, text.length)).toEqual({ from, query });
});

test.each(["mail me at anna@example", "no sign", "@anna and then", `@${"x".repeat(60)}`])("nobody is meant in %j", (text) =>
  expect(mentioningAt(text, text.length)).toBeNull(),
);

test("only what is before the caret counts", () => {
  expect(mentioningAt("@anna said", 3)).toEqual({ from: 0, query: "an" });
});

test("by name or login; case, ё and the keyboard's layout make no difference", () => {
  expect(found("АННА")).toEqual(["anna.p"]);
  expect(found("anna")).toEqual(["anna.p"]);
  expect(found("алена")).toEqual(["alyona"]);
  expect(found("ким")).toEqual(["alyona"]);
  expect(found("fyyf")).toEqual(["anna.p"]);
  expect(found("ищкшы")).toEqual(["boris"]);
});

test("the bare sign offers everybody first, and nobody who is deactivated", () => {
  expect(found("")).toEqual(["@all", "anna.p", "alyona", "boris"]);
});

test.each(["all", "все", "dct"])("%s means everybody", (query) => expect(found(query)).toContain("@all"));
