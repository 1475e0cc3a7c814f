/** Loudness, drawn and understood. */
import { expect, test } from "vitest";
import { lengthOf, onTimeline, resample, speechOf } from "./levels";

test("each bar is the loudest of its stretch", () => {
  expect(resample([0, 0.2, 0.9, 0.1], 2)).toEqual([0.2, 0.9]);
  expect(resample([0.5], 3)).toEqual([0.5, 0.5, 0.5]);
  expect(resample([], 2)).toEqual([0, 0]);
});

test("a track stands where it was", () => {
  expect(onTimeline([1, 1], 100, 200, 600, 6)).toEqual([0, 0, 1, 1, 0, 0]);
  expect(onTimeline([], 100, 0, 200, 2)).toEqual([0, 0]);
});

test("speech is what is louder than the room, with its breaths, without knocks", () => {
  const levels = [0.02, 0.8, 0.7, 0.02, 0.6, ...Array.from({ length: 10 }, () => 0.02), 0.9, ...Array.from({ length: 10 }, () => 0.02), 0.5, 0.5];
  const found = speechOf(levels, 100, 1_000);
  expect(found).toEqual([
    { fromMs: 1_100, toMs: 1_500 },
    { fromMs: 3_600, toMs: 3_800 },
  ]);
  expect(lengthOf(found)).toBe(600);
});

test("silence is nobody speaking", () => expect(speechOf([0, 0.004, 0], 100, 0)).toEqual([]));
