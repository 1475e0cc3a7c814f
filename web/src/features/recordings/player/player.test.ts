/** Tracks of their own mind on one timeline. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Player, TICK_MS, type Media, type Track } from "./player";

/** An element whose clock may be wrong, and that may have nothing to play. */
class FakeMedia implements Media {
  playbackRate = 1;
  paused = true;
  readyState = 4;
  seeking = false;
  error = null;
  seeks = 0;
  /** Of its clock, against the page's. */
  pace = 1;
  #time = 0;
  get currentTime(): number {
    return this.#time;
  }
  set currentTime(seconds: number) {
    this.#time = seconds;
    this.seeks += 1;
  }
  play = vi.fn(async () => void (this.paused = false));
  pause(): void {
    this.paused = true;
  }
  pass(ms: number): void {
    if (!this.paused && this.readyState >= 3) this.#time += (ms / 1_000) * this.playbackRate * this.pace;
  }
}

const TRACK: Track = { id: "a", startsMs: 0, durationMs: 60_000 };
let now = 0;
let all: FakeMedia[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  now = 0;
  all = [];
});
afterEach(() => void vi.useRealTimers());

function setUp(durationMs = 60_000): Player {
  return new Player(durationMs, () => now);
}

function add(player: Player, change: Partial<Track> = {}, pace = 1): FakeMedia {
  const media = new FakeMedia();
  media.pace = pace;
  all.push(media);
  player.attach({ ...TRACK, ...change }, media);
  media.seeks = 0;
  return media;
}

/** Time passes for the page and for what it plays. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += TICK_MS) {
    now += TICK_MS;
    for (const media of all) media.pass(TICK_MS);
    vi.advanceTimersByTime(TICK_MS);
  }
}

const driftOf = (player: Player, media: FakeMedia, startsMs = 0): number => media.currentTime * 1_000 + startsMs - player.view.get().atMs;

test("all tracks play together; one that begins later, later", () => {
  const player = setUp();
  const [first, second] = [add(player), add(player, { id: "b", startsMs: 5_000, durationMs: 10_000 })];
  player.play();
  pass(4_000);
  expect(first.paused).toBe(false);
  expect(second.paused).toBe(true);
  pass(3_000);
  expect(player.view.get().atMs).toBeCloseTo(7_000, -1);
  expect(Math.abs(driftOf(player, first))).toBeLessThan(20);
  expect(Math.abs(driftOf(player, second, 5_000))).toBeLessThan(20);
  pass(9_000);
  // Over at 15 s.
  expect(second.paused).toBe(true);
  expect(first.paused).toBe(false);
});

test("a pace that is a little off is nudged away, without a jump", () => {
  const player = setUp();
  const media = add(player, {}, 1.01);
  player.play();
  pass(50_000);
  // Alone it would be half a second ahead.
  expect(Math.abs(driftOf(player, media))).toBeLessThan(40);
  // The one at its start.
  expect(media.seeks).toBe(1);
});

test("a track that is far off jumps, and is given time to settle", () => {
  const player = setUp();
  const media = add(player);
  player.play();
  pass(2_000);
  media.currentTime = 0.5;
  media.seeks = 0;
  pass(300);
  expect(media.seeks).toBe(1);
  expect(Math.abs(driftOf(player, media))).toBeLessThan(20);
});

test("without the corrections it would drift", () => {
  const media = new FakeMedia();
  media.pace = 1.01;
  void media.play();
  media.pass(50_000);
  expect(media.currentTime * 1_000 - 50_000).toBeGreaterThan(400);
});

test("while one has nothing to play, the others wait with the clock", () => {
  const player = setUp();
  const [first, second] = [add(player), add(player, { id: "b" })];
  player.play();
  pass(1_000);
  second.readyState = 2;
  pass(3_000);
  expect(player.view.get()).toMatchObject({ playing: true, waiting: true });
  expect(player.view.get().atMs).toBeLessThan(1_200);
  expect(first.paused).toBe(true);
  second.readyState = 4;
  pass(1_000);
  expect(player.view.get().waiting).toBe(false);
  expect(Math.abs(driftOf(player, first))).toBeLessThan(20);
  expect(Math.abs(driftOf(player, second))).toBeLessThan(20);
});

test("a track that cannot be loaded holds nobody up, and is told of", () => {
  const player = setUp();
  const [first, broken] = [add(player), add(player, { id: "b" })];
  Object.assign(broken, { error: { code: 4 }, readyState: 0 });
  player.play();
  pass(1_000);
  expect(player.view.get()).toMatchObject({ playing: true, waiting: false, failed: true });
  expect(first.paused).toBe(false);
});

test("seeking moves all of them, playing or not", () => {
  const player = setUp();
  const [first, second] = [add(player), add(player, { id: "b", startsMs: 5_000, durationMs: 20_000 })];
  player.seek(12_000);
  expect([first.currentTime, second.currentTime]).toEqual([12, 7]);
  expect(player.view.get()).toMatchObject({ atMs: 12_000, playing: false });
  player.play();
  pass(1_000);
  player.step(-5_000);
  expect(player.view.get().atMs).toBeCloseTo(8_000, -1);
  player.seek(-3);
  expect(player.view.get().atMs).toBe(0);
  player.seek(1e9);
  expect(player.view.get().atMs).toBe(60_000);
});

test("at twice the speed all keep together", () => {
  const player = setUp();
  const media = add(player);
  player.play();
  player.setSpeed(2);
  pass(5_000);
  expect(player.view.get().atMs).toBeCloseTo(10_000, -1);
  expect(Math.abs(driftOf(player, media))).toBeLessThan(20);
});

test("the speed goes step by step, and no further than to its ends", () => {
  const player = setUp();
  for (let i = 0; i < 9; i += 1) player.shift(1);
  expect(player.view.get().speed).toBe(2);
  for (let i = 0; i < 9; i += 1) player.shift(-1);
  expect(player.view.get().speed).toBe(0.5);
});

test("it stops at the end, and plays from the beginning again", () => {
  const player = setUp(3_000);
  const media = add(player, { durationMs: 3_000 });
  player.play();
  pass(4_000);
  expect(player.view.get()).toMatchObject({ playing: false, atMs: 3_000 });
  expect(media.paused).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  player.play();
  pass(500);
  expect(player.view.get().atMs).toBeCloseTo(500, -1);
});

test("what comes in the middle takes its place; what is let go of is silent", () => {
  const player = setUp();
  add(player);
  player.play();
  pass(10_000);
  const media = new FakeMedia();
  const detach = player.attach({ ...TRACK, id: "late" }, media);
  all.push(media);
  pass(500);
  expect(media.paused).toBe(false);
  expect(Math.abs(driftOf(player, media))).toBeLessThan(20);
  detach();
  pass(500);
  expect(media.paused).toBe(true);
});

test("a browser that does not let it play pauses everything and says so", async () => {
  const player = setUp();
  const media = add(player);
  media.play.mockRejectedValueOnce(new DOMException("", "NotAllowedError"));
  player.play();
  await vi.advanceTimersByTimeAsync(0);
  expect(player.view.get()).toMatchObject({ playing: false, failed: true });
  // An interrupted beginning is none.
  media.play.mockRejectedValueOnce(new DOMException("", "AbortError"));
  player.play();
  await vi.advanceTimersByTimeAsync(0);
  expect(player.view.get()).toMatchObject({ playing: true, failed: false });
  player.close();
  expect(vi.getTimerCount()).toBe(0);
});
