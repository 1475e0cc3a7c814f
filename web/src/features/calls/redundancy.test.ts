/** Sound goes out twice where a line loses, has room, and as long as it does. */
import { expect, test } from "vitest";
import { Redundancy } from "./redundancy";

const GOOD = { lossPercent: 0, availableKbps: 500 };
const LOSSY = { lossPercent: 5, availableKbps: 500 };

function look(redundancy: Redundancy, measured: Parameters<Redundancy["next"]>[0], times: number): boolean {
  for (let i = 0; i < times; i += 1) redundancy.next(measured);
  return redundancy.on;
}

test("two reports of a lossy line are needed, one of a very lossy one", () => {
  const redundancy = new Redundancy();
  expect(look(redundancy, { ...LOSSY, lossPercent: 2.9 }, 30)).toBe(false);
  expect(look(redundancy, LOSSY, 1)).toBe(false);
  expect(look(redundancy, { ...LOSSY, repeated: true }, 30)).toBe(false);
  expect(look(redundancy, LOSSY, 1)).toBe(true);
  expect(look(new Redundancy(), { ...LOSSY, lossPercent: 10 }, 1)).toBe(true);
  expect(look(new Redundancy(), { lossPercent: 10, availableKbps: null }, 1)).toBe(true);
  expect(look(new Redundancy(), { lossPercent: null, availableKbps: null }, 9)).toBe(false);
});

test("it ends a minute after the last loss", () => {
  const redundancy = new Redundancy();
  look(redundancy, LOSSY, 2);
  expect(look(redundancy, GOOD, 59)).toBe(true);
  look(redundancy, { ...LOSSY, lossPercent: 1 }, 1);
  expect(look(redundancy, GOOD, 59)).toBe(true);
  expect(look(redundancy, GOOD, 1)).toBe(false);
  expect(look(redundancy, LOSSY, 2)).toBe(true);
});

test("a line without room for it has none", () => {
  const redundancy = new Redundancy();
  expect(look(redundancy, { ...LOSSY, availableKbps: 199 }, 30)).toBe(false);
  expect(look(redundancy, { ...LOSSY, availableKbps: 200 }, 2)).toBe(true);
  expect(look(redundancy, { ...LOSSY, availableKbps: 149 }, 4)).toBe(true);
  expect(look(redundancy, { ...LOSSY, availableKbps: 150 }, 1)).toBe(true);
  expect(look(redundancy, { ...LOSSY, availableKbps: 149 }, 5)).toBe(false);
});
