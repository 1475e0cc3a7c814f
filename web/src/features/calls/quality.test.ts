/** Stats as Chromium and Firefox give them. */
import { expect, test } from "vitest";
import { assess } from "./quality";

const candidates = [
  { id: "l", type: "local-candidate", candidateType: "host", protocol: "udp" },
  { id: "r", type: "remote-candidate", candidateType: "srflx" },
];
const pair = { id: "p", type: "candidate-pair", localCandidateId: "l", remoteCandidateId: "r", currentRoundTripTime: 0.042 };
const inbound = (received: number, lost: number) => [
  { id: "a", type: "inbound-rtp", packetsReceived: received, packetsLost: lost },
];

test("Chromium: the transport names the pair", () => {
  const other = { ...pair, id: "q", currentRoundTripTime: 9 };
  const transport = { id: "t", type: "transport", selectedCandidatePairId: "p" };
  const { quality } = assess([other, pair, transport, ...candidates, ...inbound(100, 0)], { received: 0, lost: 0 });
  expect(quality).toEqual({
    roundTripMs: 42,
    lossPercent: 0,
    level: "good",
    reason: null,
    who: null,
    pair: { local: "host", remote: "srflx", protocol: "udp" },
  });
});

test("Firefox: the pair says so itself", () => {
  const used = { ...pair, nominated: true, state: "succeeded" };
  const unused = { ...pair, id: "q", nominated: false, state: "succeeded", currentRoundTripTime: 9 };
  expect(assess([unused, used, ...candidates], { received: 0, lost: 0 }).quality.roundTripMs).toBe(42);
});

test("loss is that of the last interval", () => {
  const first = assess(inbound(1000, 500), { received: 0, lost: 0 });
  const second = assess(inbound(1095, 505), first.totals);
  expect(second.quality.lossPercent).toBe(5);
  expect(second.quality.level).toBe("fair");
});

test("nothing known yet", () => {
  expect(assess([], { received: 0, lost: 0 }).quality).toEqual({
    roundTripMs: null,
    lossPercent: null,
    level: "unknown",
    reason: null,
    who: null,
    pair: null,
  });
});
