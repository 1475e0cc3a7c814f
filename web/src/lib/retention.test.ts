/** Days in the words of a rule. */
import { expect, test } from "vitest";
import { PRESETS, spanOf } from "./retention";

test.each([
  [1, "days", 1],
  [30, "days", 30],
  [183, "days", 183],
  [184, "months", 6],
  [365, "years", 1],
  [366, "years", 1],
  [364, "days", 364],
  [400, "days", 400],
  [1_096, "years", 3],
  [1_825, "years", 5],
  [1_826, "years", 5],
  [1_827, "years", 5],
  [1_828, "days", 1_828],
  [2_557, "years", 7],
  [0, "days", 0],
] as const)("%i days", (days, unit, count) => expect(spanOf(days)).toEqual({ unit, count }));

test("no preset is shorter than in the calendar", () => {
  for (const { unit, count, days } of PRESETS) {
    for (let day = 0; day < 1_461; day += 1) {
      const from = new Date(Date.UTC(2024, 0, 1 + day));
      const to = new Date(from);
      if (unit === "months") to.setUTCMonth(from.getUTCMonth() + count);
      else to.setUTCFullYear(from.getUTCFullYear() + count);
      expect(days * 86_400_000).toBeGreaterThanOrEqual(to.getTime() - from.getTime());
    }
  }
});
