/** Telling how far one has read: soon, seldom, and in the end. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EVERY_MS, ReadMarker } from "./read";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const mark = vi.fn<(seq: number) => Promise<void>>(() => Promise.resolve());
  const told = (): number[] => mark.mock.calls.map(([seq]) => seq);
  return { mark, told, marker: new ReadMarker({ mark }) };
}

test("the first at once, then the furthest of each second", async () => {
  const { marker, told } = setUp();
  marker.saw(1);
  expect(told()).toEqual([1]);
  for (const seq of [2, 5, 3]) marker.saw(seq);
  expect(told()).toEqual([1]);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  expect(told()).toEqual([1, 5]);
  await vi.advanceTimersByTimeAsync(10 * EVERY_MS);
  expect(told()).toEqual([1, 5]);
  marker.saw(6);
  expect(told()).toEqual([1, 5, 6]);
});

test("again if it did not arrive", async () => {
  const { marker, mark, told } = setUp();
  mark.mockRejectedValueOnce(new Error("no network"));
  marker.saw(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told()).toEqual([1, 1]);
});

test("the last word of one who leaves", async () => {
  const { marker, told } = setUp();
  marker.saw(1);
  marker.saw(2);
  marker.stop();
  expect(told()).toEqual([1, 2]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told()).toEqual([1, 2]);
});
