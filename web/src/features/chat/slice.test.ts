/** What stands in the document, as one scrolls through what is loaded. */
import { expect, test } from "vitest";
import { cut, earlier, later, MOST, type Slice } from "./slice";

const entries = (from: number, to: number): { seq: number }[] => Array.from({ length: to - from + 1 }, (_, i) => ({ seq: from + i }));

/** The first and last `seq` in the document. */
function ends(all: { seq: number }[], slice: Slice): [number | undefined, number | undefined] {
  const { start, end } = cut(all, slice);
  return [all[start]?.seq, all[end - 1]?.seq];
}

test("the end moves along with what comes", () => {
  expect(ends(entries(1, 500), { at: "end" })).toEqual([501 - MOST, 500]);
  expect(ends(entries(1, 501), { at: "end" })).toEqual([502 - MOST, 501]);
  expect(ends(entries(1, 3), { at: "end" })).toEqual([1, 3]);
});

test("scrolling up and down reaches everything, with a bounded document that never loses what is near", () => {
  const all = entries(1, 1_000);
  let slice: Slice = { at: "end" };
  for (const step of [earlier, later]) {
    const seen = new Set<number>();
    for (let more: Slice | null = slice; more !== null; more = step(all, cut(all, slice))) {
      slice = more;
      const { start, end } = cut(all, slice);
      expect(end - start).toBeLessThanOrEqual(MOST);
      for (const { seq } of all.slice(start, end)) seen.add(seq);
    }
    expect(seen.size).toBe(1_000);
  }
  // Back at the end it is the end again: what comes is shown.
  expect(ends(entries(1, 1_001), slice)[1]).toBe(1_001);
});

test("what comes in front moves nothing", () => {
  const slice = earlier(entries(500, 1_000), cut(entries(500, 1_000), { at: "end" }));
  expect(slice).not.toBeNull();
  expect(ends(entries(450, 1_000), slice!)).toEqual(ends(entries(500, 1_000), slice!));
});

test("around a message there is as much before as after it", () => {
  expect(ends(entries(1, 1_000), { at: "around", seq: 500 })).toEqual([500 - MOST / 2, 499 + MOST / 2]);
  expect(ends(entries(1, 1_000), { at: "around", seq: 3 })).toEqual([1, MOST]);
});

test("what is on its way belongs to the end", () => {
  const all = [...entries(1, 300), { seq: Infinity }, { seq: Infinity }];
  const up = earlier(all, cut(all, { at: "end" }));
  expect(up).toMatchObject({ at: "between", to: expect.any(Number) });
  const short = [...entries(1, 10), { seq: Infinity }];
  expect(earlier(short, cut(short, { at: "end" }))).toBeNull();
  expect(later(short, cut(short, { at: "end" }))).toBeNull();
});
