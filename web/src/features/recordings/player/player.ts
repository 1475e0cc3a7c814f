/**
 * Plays all tracks of a recording on one timeline. The clock leads; each element that is attached is started, nudged or moved to
 * where the clock is, and while one of them has nothing to play the clock stands, so that none runs ahead.
 */
import { Store } from "../../../lib/store";
import { MasterClock } from "./clock";
import { correct } from "./drift";

export interface Track {
  id: string;
  /** Where it begins on the timeline. */
  startsMs: number;
  durationMs: number;
}

/** What is used of an `<audio>` or `<video>`. */
export type Media = Pick<HTMLMediaElement, "currentTime" | "playbackRate" | "paused" | "readyState" | "seeking" | "error" | "play" | "pause">;

export interface PlayerView {
  /** Wanted by the listener; it may wait for data meanwhile. */
  playing: boolean;
  waiting: boolean;
  /** It has been played, or is: its tracks may be loaded. */
  wanted: boolean;
  atMs: number;
  speed: number;
  /** The browser did not let it play, or a track cannot be loaded. */
  failed: boolean;
}

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;
export const TICK_MS = 100;
/** An element that has just been moved is given so long to get there. */
const SETTLE_MS = 400;
/** Enough to play on. */
const HAVE_FUTURE_DATA = 3;
/** So close to its end a track has nothing more to load. */
const TAIL_MS = 250;

interface Follower {
  track: Track;
  media: Media;
  movedAt: number;
}

export class Player {
  readonly view = new Store<PlayerView>({ playing: false, waiting: false, wanted: false, atMs: 0, speed: 1, failed: false });
  readonly durationMs: number;
  readonly #now: () => number;
  readonly #clock = new MasterClock();
  readonly #followers = new Map<string, Follower>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(durationMs: number, now: () => number = () => performance.now()) {
    this.durationMs = durationMs;
    this.#now = now;
  }

  /** From now on the element follows the clock; the answer lets it go. */
  attach(track: Track, media: Media): () => void {
    const follower = { track, media, movedAt: -Infinity };
    this.#followers.set(track.id, follower);
    this.#place(follower, this.#now());
    return () => {
      if (this.#followers.get(track.id) === follower) this.#followers.delete(track.id);
      media.pause();
    };
  }

  toggle(): void {
    if (this.view.get().playing) this.pause();
    else this.play();
  }

  play(): void {
    const now = this.#now();
    if (this.#clock.at(now) >= this.durationMs) this.#clock.seek(now, 0);
    this.#timer ??= setInterval(() => this.tick(), TICK_MS);
    this.#show({ playing: true, wanted: true, failed: false });
    this.tick();
  }

  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#clock.stand(this.#now());
    for (const { media } of this.#followers.values()) media.pause();
    this.#show({ playing: false, waiting: false });
  }

  seek(ms: number): void {
    const now = this.#now();
    this.#clock.seek(now, Math.max(0, Math.min(ms, this.durationMs)));
    for (const follower of this.#followers.values()) this.#place(follower, now);
    this.#show({});
  }

  step(byMs: number): void {
    this.seek(this.#clock.at(this.#now()) + byMs);
  }

  setSpeed(speed: number): void {
    this.#clock.setSpeed(this.#now(), speed);
    for (const { media } of this.#followers.values()) media.playbackRate = speed;
    this.#show({ speed });
  }

  /** To the next slower or faster one. */
  shift(by: -1 | 1): void {
    const at = SPEEDS.findIndex((speed) => speed === this.#clock.speed);
    const next = SPEEDS[at + by];
    if (next !== undefined) this.setSpeed(next);
  }

  /** Leaves nothing behind. */
  close(): void {
    this.pause();
    this.#followers.clear();
  }

  /** Called by its own timer while it plays. */
  tick(): void {
    if (!this.view.get().playing) return;
    const now = this.#now();
    if (this.#clock.at(now) >= this.durationMs) {
      this.pause();
      this.seek(this.durationMs);
      return;
    }
    const all = [...this.#followers.values()];
    const waiting = all.some((one) => this.#isHungry(one, now));
    if (waiting) this.#clock.stand(now);
    else this.#clock.run(now);
    for (const follower of all) this.#lead(follower, now, waiting);
    this.#show({ waiting });
  }

  /** Where the element should be, in milliseconds of its own; null where the track has nothing. */
  #targetOf({ track }: Follower, now: number): number | null {
    const target = this.#clock.at(now) - track.startsMs;
    return target < 0 || target >= track.durationMs ? null : target;
  }

  /** It should play, and has nothing to play. */
  #isHungry(follower: Follower, now: number): boolean {
    const target = this.#targetOf(follower, now);
    const { media, track } = follower;
    if (target === null || media.error !== null || target >= track.durationMs - TAIL_MS) return false;
    return media.seeking || media.readyState < HAVE_FUTURE_DATA;
  }

  #lead(follower: Follower, now: number, waiting: boolean): void {
    const { media } = follower;
    const target = this.#targetOf(follower, now);
    if (target === null || waiting) {
      if (!media.paused) media.pause();
      return;
    }
    if (media.paused) {
      this.#place(follower, now);
      media.playbackRate = this.#clock.speed;
      this.#start(media);
      return;
    }
    if (media.seeking || now - follower.movedAt < SETTLE_MS) return;
    const { seek, rate } = correct(media.currentTime * 1_000 - target, this.#clock.speed);
    media.playbackRate = rate;
    if (seek) this.#place(follower, now);
  }

  #start(media: Media): void {
    media.play().catch((error: unknown) => {
      // Pausing right after is no fault.
      if (error instanceof DOMException && error.name === "AbortError") return;
      this.pause();
      this.#show({ failed: true });
    });
  }

  #place(follower: Follower, now: number): void {
    const target = this.#targetOf(follower, now);
    if (target === null) return;
    follower.movedAt = now;
    follower.media.currentTime = target / 1_000;
  }

  #show(change: Partial<PlayerView>): void {
    const atMs = Math.min(this.#clock.at(this.#now()), this.durationMs);
    const failed = [...this.#followers.values()].some(({ media }) => media.error !== null);
    this.view.update((view) => ({ ...view, atMs, ...(failed && { failed }), ...change }));
  }
}
