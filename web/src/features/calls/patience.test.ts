/** A line that breaks off for a moment does not move a call; a way that is closed does, soon. */
import { describe, expect, test } from "vitest";
import { FOUND_MS, MOVE_SILENCE_MS, Patience, PROBE_MS, type Step } from "./patience";

const LOOK_MS = 100;

/** What it does while nothing comes, as `time: step`, for so long; it was heard at 0. `at`: what happens when. */
function silent(ms: number, at: Record<number, (patience: Patience, now: number) => void> = {}, patience = new Patience()): string[] {
  const done: string[] = [];
  patience.next(0, true);
  for (let now = LOOK_MS; now <= ms; now += LOOK_MS) {
    at[now]?.(patience, now);
    const step: Step = patience.next(now, false);
    if (step !== "wait") done.push(`${now}: ${step}`);
  }
  return done;
}

const reached = (patience: Patience, now: number): void => patience.reached(now);

describe("a silent way", () => {
  test("is looked for anew, and left once both sides are known to be there and it is not found", () => {
    expect(silent(5_000, { 600: reached })).toEqual([`${PROBE_MS}: probe`, `${600 + FOUND_MS}: move`]);
  });

  test("is never left in less than a second", () => {
    expect(silent(5_000, { 600: (patience) => patience.returned() })).toEqual([`${PROBE_MS}: probe`, `${MOVE_SILENCE_MS}: move`]);
  });

  test("is waited for while the other side is out of reach: its line is broken, and another path would not help", () => {
    expect(silent(10_000)).toEqual([`${PROBE_MS}: probe`]);
  });

  test("counts from the answer, however late", () => {
    expect(silent(8_000, { 4_000: reached })).toEqual([`${PROBE_MS}: probe`, `${4_000 + FOUND_MS}: move`]);
  });

  test("is left at once when the own line broke and is back, and it is silent still", () => {
    expect(silent(5_000, { 1_700: (patience) => patience.returned() })).toEqual([`${PROBE_MS}: probe`, "1700: move"]);
  });

  test("what was on its way before the probe proves nothing", () => {
    expect(silent(5_000, { 200: reached })).toEqual([`${PROBE_MS}: probe`]);
  });

  test("what went nowhere with the old socket is said again over the new one", () => {
    const twice = { 600: reached, 2_000: (patience: Patience) => patience.returned() };
    expect(silent(5_000, twice)).toEqual([`${PROBE_MS}: probe`, "1200: move", "2000: move"]);
  });
});

test("a hiccup of 900 ms moves nothing, and the next silence is judged by itself", () => {
  const patience = new Patience();
  expect(silent(900, { 600: reached }, patience)).toEqual([`${PROBE_MS}: probe`]);
  expect(silent(1_100, {}, patience)).toEqual([`${PROBE_MS}: probe`]);
});

test("what was never heard, or is not expected, is not missed", () => {
  const patience = new Patience();
  patience.next(0, null);
  patience.returned();
  for (let now = 100; now < 9_000; now += 100) expect(patience.next(now, false)).toBe("wait");
});

test("a page that was asleep has missed nothing yet", () => {
  const patience = new Patience();
  patience.next(0, true);
  expect(patience.next(60_000, false)).toBe("wait");
  expect(patience.next(60_100, true)).toBe("wait");
});
