/** What must be found, and what must not. */
import { expect, test } from "vitest";
import { foundIn, matches, otherLayout } from "./search";

test.each([
  ["анна", "Анна Петрова", true],
  ["ПЕТР", "Анна Петрова", true],
  ["петр анн", "Анна Петрова", true],
  ["семен", "Семён Ильин", true],
  ["семён", "Семен Ильин", true],
  ["fyyf", "Анна Петрова", true],
  ["ctv`y", "Семён Ильин", true],
  ["<jhbc", "Борис", true],
  ["шмфт", "Ivan Smith", true],
  ["smi", "Ivan Smith", true],
  ["", "Anybody", true],
  ["анна с", "Анна Петрова", false],
  ["етров", "Анна Петрова", false],
  ["xyz", "Ivan Smith", false],
])("%s in %s: %s", (query, name, found) => {
  expect(matches(query, name)).toBe(found);
});

test("any of the texts may match", () => {
  expect(matches("boris", "Борис", "boris.b")).toBe(true);
});

test.each([
  ["анна", "Анна Петрова", ["Анна"]],
  ["петр анн", "Анна Петрова", ["Анн", "Петр"]],
  ["семен", "Семён Ильин", ["Семён"]],
  ["fyyf", "Анна Петрова", ["Анна"]],
  ["an", "Anna-Maria Anders", ["An", "An"]],
  ["", "Anybody", []],
  [" ", "Anybody", []],
  ["анна с", "Анна Петрова", []],
])("%s in %s is marked at %j", (query, name, marked) => {
  expect(foundIn(query, name).map(([start, end]) => name.slice(start, end))).toEqual(marked);
});

test.each([
  ["ghbdtn", "привет"],
  ["руддщ", "hello"],
  ["ghbdtn vbh ", "привет мир"],
  ["юкг", null],
  ["12", null],
])("%s was perhaps meant as %s", (typed, meant) => {
  expect(otherLayout(typed)).toBe(meant);
});
