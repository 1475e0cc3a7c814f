/** The picture goes before the sound does, and comes back. */
import { expect, test } from "vitest";
import { Degrade, type Measured, type PictureLimit } from "./degrade";
import { RELEASE_MS, Speaking } from "./speaking";

const GOOD: Measured = { lossPercent: 0, roundTripMs: 30, availableKbps: null };
const LOSSY: Measured = { ...GOOD, lossPercent: 15 };
const THIN: Measured = { ...GOOD, availableKbps: 100 };
const DIRE: Measured = { ...GOOD, lossPercent: 40 };

function look(degrade: Degrade, measured: Measured, times: number): PictureLimit {
  for (let i = 0; i < times; i += 1) degrade.next(measured);
  return degrade.limit;
}

/** After how many good looks it is back at this. */
function until(degrade: Degrade, limit: PictureLimit): number {
  let looks = 0;
  while (degrade.limit !== limit && looks < 1_000) {
    degrade.next(GOOD);
    looks += 1;
  }
  return looks;
}

test("one bad second changes nothing", () => {
  const degrade = new Degrade();
  expect(look(degrade, LOSSY, 2)).toBe("none");
  expect(look(degrade, GOOD, 1)).toBe("none");
  expect(look(degrade, LOSSY, 2)).toBe("none");
});

test("smaller first, then paused, and never further", () => {
  const degrade = new Degrade();
  expect(look(degrade, THIN, 3)).toBe("reduced");
  expect(look(degrade, THIN, 3)).toBe("paused");
  expect(look(degrade, THIN, 30)).toBe("paused");
});

test("a line that only loses packets keeps a small picture, and gets it back", () => {
  const degrade = new Degrade();
  expect(look(degrade, LOSSY, 30)).toBe("reduced");
  look(degrade, DIRE, 2);
  expect(degrade.limit).toBe("paused");
  expect(look(degrade, LOSSY, 7)).toBe("paused");
  expect(look(degrade, LOSSY, 30)).toBe("reduced");
});

test("what is dire goes quicker", () => {
  const degrade = new Degrade();
  expect(look(degrade, DIRE, 4)).toBe("paused");
});

test("one report counts once, however long it is the last", () => {
  const degrade = new Degrade();
  expect(look(degrade, DIRE, 1)).toBe("none");
  expect(look(degrade, { ...DIRE, repeated: true }, 20)).toBe("none");
  expect(look(degrade, GOOD, 1)).toBe("none");
  expect(look(degrade, { ...THIN, repeated: true }, 3)).toBe("reduced");
});

test("a long way round and a thin line count as well; nothing known counts as nothing", () => {
  expect(look(new Degrade(), { ...GOOD, roundTripMs: 1_500 }, 3)).toBe("reduced");
  expect(look(new Degrade(), { ...GOOD, availableKbps: 100 }, 3)).toBe("reduced");
  expect(look(new Degrade(), { lossPercent: null, roundTripMs: null, availableKbps: null }, 30)).toBe("none");
});

test("it comes back step by step", () => {
  const degrade = new Degrade();
  look(degrade, DIRE, 4);
  expect(until(degrade, "reduced")).toBe(8);
  expect(until(degrade, "none")).toBe(8);
});

test("after each relapse it waits twice as long, up to a minute, and forgets that after a good while", () => {
  const degrade = new Degrade();
  look(degrade, LOSSY, 3);
  const waits = [until(degrade, "none")];
  for (let i = 0; i < 5; i += 1) {
    look(degrade, LOSSY, 3);
    waits.push(until(degrade, "none"));
  }
  expect(waits).toEqual([8, 16, 32, 64, 64, 64]);
  look(degrade, GOOD, 100);
  look(degrade, LOSSY, 3);
  expect(until(degrade, "none")).toBe(8);
});

test("whoever pauses between two words still speaks", () => {
  const speaking = new Speaking();
  expect(speaking.next(0, 0.001)).toBe(false);
  expect(speaking.next(100, 0.2)).toBe(true);
  expect(speaking.next(100 + RELEASE_MS, 0)).toBe(true);
  expect(speaking.next(101 + RELEASE_MS, 0)).toBe(false);
});
