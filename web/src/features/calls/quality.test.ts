/** Stats as Chromium and Firefox give them. */
import { describe as group, expect, test } from "vitest";
import { describe } from "./details";
import { assess, reportOut } from "./quality";
import { received, takeSample, type Entry } from "./sample";

const candidates = [
  { id: "l", type: "local-candidate", candidateType: "host", protocol: "udp" },
  { id: "r", type: "remote-candidate", candidateType: "srflx", protocol: "udp" },
];
const pair = { id: "p", type: "candidate-pair", localCandidateId: "l", remoteCandidateId: "r", currentRoundTripTime: 0.042 };
const transport = { id: "t", type: "transport", selectedCandidatePairId: "p", srtpCipher: "AEAD_AES_128_GCM" };
const inbound = (packetsReceived: number, packetsLost: number): Entry[] => [
  { id: "a", type: "inbound-rtp", kind: "audio", packetsReceived, packetsLost },
];
const outbound = (fractionLost: number, qualityLimitationReason = "none"): Entry[] => [
  { id: "o", type: "outbound-rtp", kind: "video", mid: "1", packetsSent: 100, bytesSent: 100_000, qualityLimitationReason },
  { id: "f", type: "remote-inbound-rtp", localId: "o", fractionLost },
];
const reported = (fractionLost: number, timestamp: number, packetsSent: number): Entry[] =>
  outbound(fractionLost).map((entry) => (entry.type === "outbound-rtp" ? { ...entry, packetsSent } : { ...entry, timestamp }));
const quality = (entries: Entry[], before: Entry[] | null = null, onNode = false) =>
  assess(takeSample(entries), before === null ? null : takeSample(before), onNode);

test("Chromium: the transport names the pair", () => {
  const other = { ...pair, id: "q", currentRoundTripTime: 9 };
  expect(quality([other, pair, transport, ...candidates, ...inbound(100, 0)])).toEqual({
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
  expect(quality([unused, used, ...candidates]).roundTripMs).toBe(42);
});

test("loss is that of the last interval, and late packets are no gain", () => {
  const seen = quality(inbound(1095, 505), inbound(1000, 500));
  expect(seen).toMatchObject({ lossPercent: 5, level: "fair", reason: "loss", who: "other" });
  expect(quality(inbound(1100, 490), inbound(1000, 500)).lossPercent).toBe(0);
});

test("nothing known yet", () => {
  expect(quality([])).toEqual({ roundTripMs: null, lossPercent: null, level: "unknown", reason: null, who: null, pair: null });
});

group("the reason", () => {
  const good = [pair, transport, ...candidates, ...inbound(100, 0)];
  test("what I send is lost on its way: my network", () => {
    expect(quality([...good, ...outbound(0.2)])).toMatchObject({ level: "poor", reason: "loss", who: "me" });
  });
  test("what was said of a picture that rests by now does not count", () => {
    const lossy = [...good, ...outbound(0.4)];
    expect(quality(lossy, null).level).toBe("poor");
    expect(quality(lossy, lossy).level).toBe("good");
  });
  test("a long way; to the media node it is my own", () => {
    const far = [{ ...pair, currentRoundTripTime: 0.4 }, transport, ...inbound(100, 0)];
    expect(quality(far)).toMatchObject({ level: "fair", reason: "delay", who: null });
    expect(quality(far, null, true).who).toBe("me");
  });
  test("a thin line counts only where the browser holds the picture back", () => {
    const thin = [{ ...pair, availableOutgoingBitrate: 50_000 }, transport, ...inbound(100, 0)];
    expect(quality([...thin, ...outbound(0)]).level).toBe("good");
    expect(quality([...thin, ...outbound(0, "bandwidth")])).toMatchObject({ level: "poor", reason: "bandwidth", who: "me" });
  });
});

test("the details of two looks: camera and screen apart, rates per second", () => {
  const look = (timestamp: number, bytesReceived: number, packetsReceived: number): Entry[] => [
    { ...pair, timestamp },
    transport,
    ...candidates,
    { id: "c", type: "codec", mimeType: "video/VP8" },
    { id: "a", type: "inbound-rtp", kind: "audio", mid: "0", packetsReceived, bytesReceived: 1_000, packetsLost: 0, jitter: 0.0123 },
    { id: "v", type: "inbound-rtp", kind: "video", mid: "1", codecId: "c", packetsReceived, packetsLost: 0, bytesReceived, frameWidth: 640, frameHeight: 480, framesPerSecond: 30 },
    { id: "s", type: "inbound-rtp", kind: "video", mid: "2", packetsReceived: 0, packetsLost: 0, bytesReceived: 0, frameWidth: 1920, frameHeight: 1080 },
  ];
  const [before, now] = [takeSample(look(1_000, 10_000, 100)), takeSample(look(3_000, 260_000, 300))];
  expect(received(now)).toBe(600);
  const details = describe(now, before);
  expect(details.pictureIn).toEqual({ codec: "VP8", kbps: 1000, lossPercent: 0, width: 640, height: 480, fps: 30 });
  expect(details.screenIn).toMatchObject({ kbps: 0, width: null });
  expect(details).toMatchObject({
    roundTripMs: 42,
    jitterMs: 12,
    local: { type: "host", protocol: "udp" },
    remote: { type: "srflx", protocol: "udp" },
    encryption: "AEAD_AES_128_GCM",
  });
  expect(details.soundOut.codec).toBeNull();
});

test("a report that was there at the look before is said to be the same", () => {
  const [first, same, next] = [reported(0.8, 1_000, 100), reported(0.8, 1_000, 200), reported(0, 2_000, 300)].map(takeSample);
  if (first === undefined || same === undefined || next === undefined) throw new Error("three looks");
  expect(reportOut(first, null)).toEqual({ lossPercent: 80, repeated: false });
  expect(reportOut(same, first)).toEqual({ lossPercent: 80, repeated: true });
  expect(reportOut(next, same)).toEqual({ lossPercent: 0, repeated: false });
});
