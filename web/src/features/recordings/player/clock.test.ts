/** The clock of the timeline, and how far a track may be from it. */
import { expect, test } from "vitest";
import { MasterClock } from "./clock";
import { correct, NUDGE_FROM_MS, SEEK_FROM_MS } from "./drift";

test("it runs and stands", () => {
  const clock = new MasterClock();
  expect(clock.at(1_000)).toBe(0);
  clock.run(1_000);
  clock.run(1_200);
  expect(clock.at(1_500)).toBe(500);
  clock.stand(1_600);
  expect(clock.at(9_000)).toBe(600);
  clock.run(9_000);
  expect(clock.at(9_100)).toBe(700);
});

test("a seek holds while it stands and while it runs", () => {
  const clock = new MasterClock();
  clock.seek(0, 4_000);
  expect(clock.at(50)).toBe(4_000);
  clock.run(100);
  clock.seek(300, 10_000);
  expect(clock.at(400)).toBe(10_100);
});

test("another speed counts from now on", () => {
  const clock = new MasterClock();
  clock.run(0);
  clock.setSpeed(1_000, 2);
  expect(clock.at(1_000)).toBe(1_000);
  expect(clock.at(1_500)).toBe(2_000);
  clock.stand(2_000);
  clock.setSpeed(2_000, 0.5);
  expect(clock).toMatchObject({ isRunning: false, speed: 0.5 });
  clock.run(3_000);
  expect(clock.at(4_000)).toBe(3_500);
});

test.each([
  [0, 1, false, 1],
  [NUDGE_FROM_MS, 1, false, 1],
  [-NUDGE_FROM_MS, 2, false, 2],
  // Ahead: slower.
  [40, 1, false, 0.96],
  [-40, 1, false, 1.04],
  [-40, 2, false, 2.08],
  // No more than one does not hear.
  [SEEK_FROM_MS, 1, false, 0.94],
  [-SEEK_FROM_MS, 1, false, 1.06],
  [SEEK_FROM_MS + 1, 1, true, 1],
  [-5_000, 1.5, true, 1.5],
])("%i ms off at speed %f: seek %s, rate %f", (drift, speed, seek, rate) => {
  const found = correct(drift, speed);
  expect(found.seek).toBe(seek);
  expect(found.rate).toBeCloseTo(rate, 5);
});
