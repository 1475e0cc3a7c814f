/**
 * Picture before sound: when the line is too thin, the own picture is first made small, then paused, and the sound keeps what
 * there is. It comes back by itself, later each time that it had to be taken away again. Pure: it is told what was measured.
 */
export type PictureLimit = "none" | "reduced" | "paused";

export interface Measured {
  /** Of what goes out, as the other end reports it. */
  lossPercent: number | null;
  /** That report was there at the look before already. */
  repeated?: boolean;
  roundTripMs: number | null;
  /** The browser holds the picture back itself, and this is all that it believes the line can take. */
  availableKbps: number | null;
}

/** Looks (one a second) that must be bad in a row before a step down. */
const DOWN_AFTER = 3;
/** Looks that must be good in a row before a step up, the first time; doubled with each relapse. */
const UP_AFTER = 8;
const UP_AFTER_MOST = 64;
/** A step down so soon after a step up is a relapse. */
const RELAPSE = 10;

const STEPS: readonly PictureLimit[] = ["none", "reduced", "paused"];

interface Encodings {
  /** Bits per second; a browser's default where there is none. */
  sound: number | undefined;
  picture: { active: boolean; maxBitrate: number | undefined; scaleResolutionDownBy: number };
}

/**
 * What the encoders are told. A reduced picture is a quarter of the pixels. Where even sound suffers, it is made small as well:
 * Opus needs 32 kbit/s by default and half as much again for headers at most, and speech is still good at a half of that.
 */
export const ENCODINGS: Record<PictureLimit, Encodings> = {
  none: { sound: undefined, picture: { active: true, maxBitrate: undefined, scaleResolutionDownBy: 1 } },
  reduced: { sound: 24_000, picture: { active: true, maxBitrate: 150_000, scaleResolutionDownBy: 2 } },
  paused: { sound: 16_000, picture: { active: false, maxBitrate: 150_000, scaleResolutionDownBy: 2 } },
};

/** On a `lossy` line a smaller picture helps, for it is mended sooner; no picture helps nobody, unless the line is thin. */
type Verdict = "good" | "so-so" | "lossy" | "bad" | "dire";

function judge({ lossPercent, roundTripMs, availableKbps }: Measured): Verdict {
  const [loss, trip, room] = [lossPercent ?? 0, roundTripMs ?? 0, availableKbps ?? Infinity];
  if (loss > 25 || room < 50) return "dire";
  if (trip > 1_000 || room < 120) return "bad";
  if (loss > 10) return "lossy";
  return loss < 4 && trip < 500 ? "good" : "so-so";
}

export class Degrade {
  #step = 0;
  #badFor = 0;
  #goodFor = 0;
  #sinceUp = Infinity;
  #upAfter = UP_AFTER;

  get limit(): PictureLimit {
    return STEPS[this.#step] ?? "none";
  }

  /** One look. While no picture is sent there is nothing to take away, and nothing to learn. */
  next(measured: Measured): PictureLimit {
    const verdict = judge(measured);
    this.#sinceUp += 1;
    // A second without a line must not count for as long as its report is the last one.
    if (measured.repeated === true && verdict !== judge({ ...measured, lossPercent: 0 }) && verdict !== "so-so") return this.limit;
    const weight = this.#weight(verdict);
    this.#badFor = weight === 0 ? 0 : this.#badFor + weight;
    this.#goodFor = this.#bearsMore(verdict) ? this.#goodFor + 1 : 0;
    if (this.#badFor >= DOWN_AFTER) this.#down();
    else if (this.#goodFor >= this.#upAfter) this.#up();
    return this.limit;
  }

  /** How strongly it speaks for a step down from here. */
  #weight(verdict: Verdict): number {
    if (verdict === "dire") return 2;
    return verdict === "bad" || (verdict === "lossy" && this.limit === "none") ? 1 : 0;
  }

  /** Whether it speaks for a step up from here. */
  #bearsMore(verdict: Verdict): boolean {
    return verdict === "good" || (this.limit === "paused" && (verdict === "so-so" || verdict === "lossy"));
  }

  #down(): void {
    this.#badFor = this.#goodFor = 0;
    if (this.#step === STEPS.length - 1) return;
    this.#step += 1;
    if (this.#sinceUp <= RELAPSE) this.#upAfter = Math.min(UP_AFTER_MOST, this.#upAfter * 2);
    this.#sinceUp = Infinity;
  }

  #up(): void {
    this.#goodFor = 0;
    // A long time without a relapse: the line has become another.
    if (this.#step === 0) {
      this.#upAfter = UP_AFTER;
      return;
    }
    this.#step -= 1;
    this.#sinceUp = 0;
  }
}
