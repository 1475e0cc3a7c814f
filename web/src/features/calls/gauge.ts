/**
 * Looks at a connected peer: once a second how good it is, five times a second who speaks. Makes the own picture give way when the
 * line is too thin, sends the own sound twice when it loses packets, and notices when nothing comes any more.
 */
import { Degrade, type PictureLimit } from "./degrade";
import { describe, type Details } from "./details";
import type { PeerLike } from "./peer";
import { assess, reportOut, type Quality } from "./quality";
import { Redundancy } from "./redundancy";
import { isOpen, received, sends, stands, takeSample, type Entry, type Sample } from "./sample";
import { Speaking } from "./speaking";

export interface Measure {
  quality: Quality;
  details: Details;
  pictureLimited: PictureLimit;
  pictureStands: boolean;
  speaking: { me: boolean; other: boolean };
}

export interface GaugeEvents {
  measured(measure: Partial<Measure>): void;
  /** `short`: worth a new look for ways. `long`: broken, though the browser says otherwise. `over`: it comes again. */
  silent(kind: "short" | "long" | "over"): void;
  /** A quick look: whether the way is open; null if nothing is expected to come. */
  looked(open: boolean | null): void;
}

export const LOOK_MS = 1_000;
const LISTEN_MS = 200;
/** How often it is looked whether the way is open, where there is another. */
export const WATCH_MS = 200;
/** Looks without a packet that should have come. */
const SHORT_SILENCE = 3;
export const LONG_SILENCE = 10;
/** Looks without a new picture, though the sound comes. */
export const STANDS = 3;

export class Gauge {
  readonly #peer: PeerLike;
  readonly #onNode: boolean;
  readonly #events: GaugeEvents;
  readonly #degrade = new Degrade();
  readonly #redundancy = new Redundancy();
  readonly #me = new Speaking();
  readonly #other = new Speaking();
  #speaking = { me: false, other: false };
  #before: Sample | null = null;
  /** The other side is there and sends. */
  #expected = false;
  #silence = 0;
  #standing = 0;
  #looks: ReturnType<typeof setInterval> | undefined;
  #listens: ReturnType<typeof setInterval> | undefined;
  #watches: ReturnType<typeof setInterval> | undefined;
  #watched: Sample | null = null;
  #stopped = false;

  constructor(peer: PeerLike, onNode: boolean, events: GaugeEvents) {
    this.#peer = peer;
    this.#onNode = onNode;
    this.#events = events;
  }

  start(): void {
    if (this.#looks !== undefined || this.#stopped) return;
    void this.#peer.shape(this.#degrade.limit);
    this.#looks = setInterval(() => void this.#look(), LOOK_MS);
    this.#listens = setInterval(() => void this.#listen(), LISTEN_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#looks);
    clearInterval(this.#listens);
    clearInterval(this.#watches);
  }

  /** Looks often, from now on. */
  watchClosely(): void {
    if (this.#watches === undefined && !this.#stopped) this.#watches = setInterval(() => void this.watch(), WATCH_MS);
  }

  expect(on: boolean): void {
    this.#expected = on;
  }

  /** Nothing comes, though the other side sends. */
  get isSilent(): boolean {
    return this.#silence >= SHORT_SILENCE;
  }

  /** As of the last look. */
  get hasFlowed(): boolean {
    return this.#before !== null && received(this.#before) > 0;
  }

  /** A quick look, now. */
  async watch(): Promise<void> {
    const [now, before] = [await this.#sample(), this.#watched];
    if (now === null) return;
    this.#watched = now;
    this.#events.looked(this.#expected && before !== null ? isOpen(now, before) : null);
  }

  async #sample(): Promise<Sample | null> {
    try {
      const report = await this.#peer.connection.getStats();
      return this.#stopped ? null : takeSample(report.values() as Iterable<Entry>);
    } catch {
      // It is just being closed.
      return null;
    }
  }

  async #look(): Promise<void> {
    const [now, before] = [await this.#sample(), this.#before];
    if (now === null) return;
    this.#before = now;
    this.#notice(before === null || received(now) > received(before));
    this.#limit(now, before);
    this.#standing = stands(now, before) ? this.#standing + 1 : 0;
    this.#events.measured({
      quality: this.#assess(now, before),
      details: describe(now, before),
      pictureLimited: this.#degrade.limit,
      pictureStands: this.#standing >= STANDS,
    });
  }

  #notice(came: boolean): void {
    const before = this.#silence;
    this.#silence = came || !this.#expected ? 0 : before + 1;
    if (this.#silence === SHORT_SILENCE) this.#events.silent("short");
    if (this.#silence === LONG_SILENCE) this.#events.silent("long");
    if (this.#silence === 0 && before >= LONG_SILENCE) this.#events.silent("over");
  }

  /** Where the media node is the other end, it is the server that does not answer. */
  #assess(now: Sample, before: Sample | null): Quality {
    const quality = assess(now, before, this.#onNode);
    const lost = this.#onNode && this.isSilent && this.#peer.connection.connectionState !== "connected";
    return lost ? { ...quality, level: "poor", reason: "server", who: null } : quality;
  }

  #limit(now: Sample, before: Sample | null): void {
    // A line that is broken is not a thin one.
    if (this.#silence > 0) return;
    const limited = this.#degrade.limit;
    const picture = sends("picture", now, before) || sends("screen", now, before);
    // The estimate of a line that carries little is low, and grows only with what is sent.
    const availableKbps = picture && now.limitedBy === "bandwidth" ? now.availableKbps : null;
    const report = reportOut(now, before);
    const limit = this.#degrade.next({ ...report, roundTripMs: now.roundTripMs, availableKbps });
    if (limit !== limited) void this.#peer.shape(limit);
    const doubled = this.#redundancy.on;
    if (this.#redundancy.next({ ...report, availableKbps: now.availableKbps }) !== doubled) this.#peer.double(!doubled);
  }

  async #listen(): Promise<void> {
    const levels = await this.#peer.levels().catch(() => ({ me: 0, other: 0 }));
    if (this.#stopped) return;
    const now = performance.now();
    const speaking = { me: this.#me.next(now, levels.me), other: this.#other.next(now, levels.other) };
    if (speaking.me === this.#speaking.me && speaking.other === this.#speaking.other) return;
    this.#speaking = speaking;
    this.#events.measured({ speaking });
  }
}
