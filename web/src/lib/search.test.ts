/** What must be found, and what must not. */
import { expect, test } from "vitest";
import { matches } from "./search";

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
