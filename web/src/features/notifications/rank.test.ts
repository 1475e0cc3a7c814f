import { expect, test } from "vitest";
import { decide, NEARNESS, nearness, type Bid, type Nearness } from "./rank";

const bids = (...given: [string, Nearness][]): Bid[] => given.map(([tab, nearness]) => ({ id: "m", tab, nearness }));

test("a page that shows the conversation keeps all tabs silent", () => {
  const all = bids(["a", NEARNESS.hidden], ["b", NEARNESS.reading]);
  for (const tab of ["a", "b"]) expect(decide(tab, all)).toEqual({ sound: false, desktop: false });
});

test("one tab tells, the nearest; among equals always the same one", () => {
  const all = bids(["c", NEARNESS.hidden], ["b", NEARNESS.visible], ["a", NEARNESS.visible]);
  expect(["a", "b", "c"].map((tab) => decide(tab, all).desktop)).toEqual([true, false, false]);
  expect(decide("c", all).sound).toBe(false);
});

test("whoever works on the page hears it, without a desktop notice", () => {
  expect(decide("a", bids(["a", NEARNESS.working], ["b", NEARNESS.hidden]))).toEqual({ sound: true, desktop: false });
});

test("a hidden page alone does both", () => {
  expect(decide("a", bids(["a", NEARNESS.hidden]))).toEqual({ sound: true, desktop: true });
});

test("nearness follows what can be seen", () => {
  expect(nearness(true, true, false)).toBe(NEARNESS.reading);
  expect(nearness(true, false, false)).toBe(NEARNESS.hidden);
  expect(nearness(false, true, true)).toBe(NEARNESS.working);
  expect(nearness(false, true, false)).toBe(NEARNESS.visible);
});
