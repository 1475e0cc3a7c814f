import { expect, test } from "vitest";
import { BARS, decode, encode, resample } from "./waveform";

test("what was encoded comes back, with the loudest at the top", () => {
  const levels = Array.from({ length: BARS }, (_, i) => i / 1000);
  const bars = decode(encode(levels), BARS);
  expect(bars.at(-1)).toBe(1);
  expect(bars[0]).toBe(0);
  expect(bars[BARS / 2]).toBeCloseTo(32 / 63, 2);
});

test("silence is flat, and no division by nothing", () => {
  expect(decode(encode([0, 0, 0]), 4)).toEqual([0, 0, 0, 0]);
  expect(decode(encode([]), 2)).toEqual([0, 0]);
});

test("peaks survive when there are fewer bars, and bars repeat when there are more", () => {
  expect(resample([0, 9, 0, 0, 0, 5], 2)).toEqual([9, 5]);
  expect(resample([1, 2], 4)).toEqual([1, 1, 2, 2]);
});

test("what is no waveform is flat", () => {
  expect(decode(null, 2)).toEqual([0, 0]);
  expect(decode("***", 2)).toEqual([0, 0]);
});
