/** Looking closer at the timeline. */
import { expect, test } from "vitest";
import { barsOn, pageOf, shareOf, zoomsOf } from "./pages";

test.each([
  [20_000, [1]],
  [60_000, [1, 2, 4]],
  [0, [1]],
])("a recording of %s ms may be looked at %j times closer", (durationMs, zooms) => expect(zoomsOf(durationMs)).toEqual(zooms));

test.each([
  [0, 1, 0, 60_000],
  [29_999, 4, 15_000, 30_000],
  [30_000, 4, 30_000, 45_000],
  // The end belongs to the last page.
  [60_000, 4, 45_000, 60_000],
])("at %s ms, %s times closer: from %s to %s", (atMs, zoom, fromMs, toMs) => expect(pageOf(atMs, 60_000, zoom)).toEqual({ fromMs, toMs }));

test("what reaches beyond the page is cut off by it", () => {
  expect(shareOf({ fromMs: 10_000, toMs: 40_000 }, { fromMs: 20_000, toMs: 30_000 })).toEqual({ from: -1, length: 3 });
  expect(shareOf({ fromMs: 0, toMs: 1 }, { fromMs: 0, toMs: 0 })).toEqual({ from: 0, length: 0 });
});

test("bars are those of the page", () => {
  const loudness = { stepMs: 100, levels: [0.1, 0.2, 0.3, 0.4] };
  expect(barsOn({ fromMs: 200, toMs: 400 }, loudness, 2)).toEqual([0.3, 0.4]);
  expect(barsOn({ fromMs: 0, toMs: 400 }, loudness, 2)).toEqual([0.2, 0.4]);
});
