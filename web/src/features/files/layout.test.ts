import { expect, test } from "vitest";
import { boxOf, rowsOf, WIDEST } from "./layout";

test.each([
  ["landscape", 4000, 2000, { width: 320, height: 160 }],
  ["portrait", 1000, 2000, { width: 190, height: 380 }],
  ["small ones are not blown up", 200, 150, { width: 200, height: 150 }],
  ["a thin one stays wide enough to hit", 10, 4000, { width: 96, height: 380 }],
  ["unknown", null, null, { width: WIDEST, height: 240 }],
  ["a lie", 0, -4, { width: WIDEST, height: 240 }],
])("%s", (_, width, height, box) => {
  expect(boxOf(width, height)).toEqual(box);
});

test("every picture stands in some row, at most three beside each other", () => {
  for (let count = 1; count <= 20; count += 1) {
    const rows = rowsOf(count);
    expect(rows.reduce((a, b) => a + b, 0)).toBe(count);
    expect(Math.max(...rows)).toBeLessThanOrEqual(3);
    expect(Math.min(...rows)).toBeGreaterThanOrEqual(1);
  }
  expect(rowsOf(5)).toEqual([2, 3]);
  expect(rowsOf(7)).toEqual([2, 2, 3]);
});
