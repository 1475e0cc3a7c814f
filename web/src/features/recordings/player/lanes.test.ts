/** The course of a call from its streams, events, gaps and loudness. */
import { expect, test } from "vitest";
import type { RecordedEvent, RecordingDetail, RecordingPeaks } from "../../../api/recordings";
import { tilesOf } from "../detail/Tiles";
import { BARS, lanesOf, merged, mixBars, momentsOf, usersOf } from "./lanes";

const stream = (number: number, user_id: string | null, starts_ms: number, duration_ms: number, sources: RecordingDetail["streams"][number]["sources"] = ["microphone"]) => ({
  stream: number, kind: number === 0 ? "events" : number === 1 ? "mix" : "track", user_id, sources, starts_ms, duration_ms, bytes: 1,
});
const recording = {
  duration_ms: 24_000,
  streams: [
    stream(0, null, 0, 24_000, []),
    stream(1, null, 0, 24_000, []),
    stream(2, "boris", 2_000, 22_000, ["microphone", "camera"]),
    stream(3, "anna", 0, 6_000),
    stream(4, "anna", 12_000, 12_000),
    stream(5, "anna", 14_000, 5_000, ["screen"]),
  ],
  gaps: [
    { stream: 2, from_ms: 9_000, to_ms: 11_000, reason: "loss" },
    { stream: 2, from_ms: 15_000, to_ms: 16_000, reason: "mute" },
    { stream: 2, from_ms: 20_000, to_ms: 20_100, reason: "loss" },
    { stream: 2, from_ms: 21_000, to_ms: 23_000, reason: "dtx" },
    { stream: 5, from_ms: 15_000, to_ms: 17_000, reason: "loss" },
  ],
} as unknown as RecordingDetail;
const events: RecordedEvent[] = [
  { at_ms: 0, type: "join", user_id: "anna" },
  { at_ms: 2_000, type: "join", user_id: "boris" },
  { at_ms: 3_000, type: "sender_report", user_id: "boris" },
  { at_ms: 100, type: "media", user_id: "anna", microphone: true, camera: false, screen: false, on_hold: false },
  { at_ms: 4_000, type: "media", user_id: "anna", microphone: false, camera: false, screen: false, on_hold: false },
  { at_ms: 5_000, type: "media", user_id: "anna", microphone: false, camera: true, screen: false, on_hold: false },
  { at_ms: 6_000, type: "leave", user_id: "anna" },
  { at_ms: 13_000, type: "media", user_id: "anna", microphone: true, camera: false, screen: false, on_hold: true },
  { at_ms: 14_000, type: "media", user_id: "anna", microphone: true, camera: false, screen: true, on_hold: true },
  { at_ms: 15_500, type: "media", user_id: "boris", microphone: false, camera: true, screen: false, on_hold: false },
  { at_ms: 16_500, type: "media", user_id: "boris", microphone: true, camera: true, screen: false, on_hold: false },
  { at_ms: 17_000, type: "toString", user_id: "boris" },
];
const peaks: RecordingPeaks = {
  step_ms: 100,
  mix: "",
  speakers: [],
  bucket_ms: 100,
  streams: [
    { stream: 3, levels: Array.from({ length: 60 }, (_, i) => (i < 20 ? 255 : 0)) },
    { stream: 4, levels: Array.from({ length: 120 }, (_, i) => (i < 10 ? 255 : 0)) },
    { stream: 1, levels: Array.from({ length: 240 }, () => 51) },
  ],
};

test("participants in the order in which they came", () => expect(usersOf(recording)).toEqual(["anna", "boris"]));

test("who was there, muted and not heard", () => {
  const [anna, boris] = lanesOf(recording, events, peaks);
  expect(anna).toMatchObject({
    userId: "anna",
    present: [{ fromMs: 0, toMs: 6_000 }, { fromMs: 12_000, toMs: 24_000 }],
    muted: [{ fromMs: 4_000, toMs: 6_000 }, { fromMs: 13_000, toMs: 24_000 }],
    // That of her screen is no gap in what she says.
    gaps: [],
  });
  expect(boris).toMatchObject({
    userId: "boris",
    muted: [{ fromMs: 15_000, toMs: 16_500 }],
    gaps: [{ fromMs: 9_000, toMs: 11_000, reason: "loss" }, { fromMs: 20_000, toMs: 20_100, reason: "loss" }],
  });
});

test("whoever came back speaks on one timeline", () => {
  const [anna, boris] = lanesOf(recording, events, peaks);
  expect(anna!.speech).toEqual([{ fromMs: 0, toMs: 2_000 }, { fromMs: 12_000, toMs: 13_000 }]);
  expect([0, 30, 121].map((i) => anna!.loudness!.levels[i])).toEqual([1, 0, 1]);
  // His track's loudness is not there.
  expect(boris!.speech).toBeNull();
});

test("without loudness the rest is still there", () => {
  const [anna] = lanesOf(recording, events, null);
  expect(anna).toMatchObject({ speech: null });
  expect(anna!.loudness).toBeNull();
  expect(anna!.present).toHaveLength(2);
});

test("what happened, with the gaps that are worth a line, and nothing that this page does not know", () => {
  const said = momentsOf(recording, events).map(({ atMs, kind, userId }) => [atMs, kind, userId]);
  expect(said).toEqual([
    [0, "join", "anna"],
    [2_000, "join", "boris"],
    [4_000, "muted", "anna"],
    [6_000, "leave", "anna"],
    [9_000, "gap", "boris"],
    [13_000, "unmuted", "anna"],
    [13_000, "held", "anna"],
    [14_000, "screen_on", "anna"],
    [15_500, "muted", "boris"],
    [16_500, "unmuted", "boris"],
  ]);
});

test("stretches that touch are one", () => {
  expect(merged([{ fromMs: 5, toMs: 7 }, { fromMs: 0, toMs: 2 }, { fromMs: 2, toMs: 3 }, { fromMs: 6, toMs: 6 }])).toEqual([
    { fromMs: 0, toMs: 3 },
    { fromMs: 5, toMs: 7 },
  ]);
});

test("what was measured of a speaker goes before what was measured of the track", () => {
  const bytes = (...levels: number[]): string => btoa(String.fromCharCode(...levels));
  const speakers = [
    { peer: "1", name: "Boris", user_id: "boris", starts_ms: 2_000, levels: bytes(255, 255, 0) },
    { peer: "2", name: "Boris", user_id: "boris", starts_ms: 20_000, levels: bytes(51, 51) },
    { peer: "3", name: "", user_id: null, starts_ms: 0, levels: bytes(255) },
  ];
  const [anna, boris] = lanesOf(recording, events, { ...peaks, step_ms: 1_000, speakers });
  expect(boris!.speech).toEqual([{ fromMs: 2_000, toMs: 4_000 }, { fromMs: 20_000, toMs: 22_000 }]);
  expect(boris!.loudness!.levels[20]).toBeCloseTo(0.2);
  // Of her there is only the track.
  expect(anna!.loudness!.stepMs).toBe(100);
});

test("a screen is shown from when it was said until they leave, or as long as it was recorded", () => {
  expect(lanesOf(recording, events, null)[0]!.shared).toEqual([{ fromMs: 14_000, toMs: 24_000 }]);
  expect(lanesOf(recording, [], null)[0]!.shared).toEqual([{ fromMs: 14_000, toMs: 19_000 }]);
  expect(lanesOf(recording, events, null)[1]!.shared).toEqual([]);
});

test("the mix is as loud as its stream says", () => {
  expect(mixBars(peaks, 24_000, 1).every((bar) => bar === 0.2)).toBe(true);
  expect(mixBars(null, 24_000, 1)).toHaveLength(BARS);
});

test("a gap of the picture is none of what is heard, where the events tell them apart", () => {
  const gap = { at_ms: 9_000, type: "gap", stream: 2, to_ms: 11_000, from_ms: 9_000 };
  const told = [...events, { ...gap, source: "camera", reason: "loss" }, { ...gap, from_ms: 12_000, source: "microphone", reason: "silence" }, { ...gap, from_ms: 5_000, to_ms: 7_000, source: "microphone", reason: "disconnect" }];
  expect(lanesOf(recording, told, peaks)[1]?.gaps).toEqual([{ fromMs: 5_000, toMs: 7_000, reason: "disconnect" }]);
});

test("a camera that was off for a while is in several files, and has one place", () => {
  const again = stream(6, "boris", 23_000, 1_000, ["microphone", "camera"]);
  const tiles = tilesOf([...recording.streams, again] as RecordingDetail["streams"]);
  expect(tiles.map((pieces) => pieces.map((piece) => piece.stream))).toEqual([[2, 6], [5]]);
});
