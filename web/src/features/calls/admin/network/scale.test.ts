/** Heights of the chart. */
import { expect, test } from "vitest";
import { chartOf, roundTop } from "./scale";

test.each([
  [0, 2_000],
  [1_999, 2_000],
  [2_001, 5_000],
  [5_000, 5_000],
  [7_300, 10_000],
  [1_000_000, 1_000_000],
  [1_000_001, 2_000_000],
  [9.9e11, 1e12],
])("%i is drawn under %i", (most, top) => expect(roundTop(most)).toBe(top));

test("both parts stand on each other under one top", () => {
  const { bars, top } = chartOf([
    { at: 0, turn_bytes: 1_500_000, media_bytes: 2_500_000 },
    { at: 3_600_000, turn_bytes: 0, media_bytes: 0 },
  ]);
  expect(top).toBe(5_000_000);
  expect(bars[0]).toMatchObject({ turn: 0.3, media: 0.5 });
  expect(bars[1]).toMatchObject({ turn: 0, media: 0 });
  expect(Math.max(...bars.map((bar) => bar.turn + bar.media))).toBeLessThanOrEqual(1);
});

test("a chart of nothing has a height", () => expect(chartOf([]).top).toBeGreaterThan(0));
