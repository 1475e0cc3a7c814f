/**
 * When a path that the call may leave is given up. A line that breaks off for a moment is waited for; a way that is closed while both
 * sides still reach the server is not. Pure: it is told the time and what came.
 */

/** Nothing came for so long: new ways are looked for, which also finds out whether the other side is within reach. */
export const PROBE_MS = 500;
/** A call is silent this long at least before it is moved. */
export const MOVE_SILENCE_MS = 1_000;
/** What a way that is only looked for anew may take, once the other side has answered that it is there. */
export const FOUND_MS = 600;

export type Step = "wait" | "probe" | "move";

export class Patience {
  /** Null until something has come: what was never heard is not missed. */
  #heardAt: number | null = null;
  #looks = 0;
  #probedAt: number | null = null;
  /** Since the probe the other side has said something over the server: its line is alive, and so is ours. */
  #reachedAt: number | null = null;
  /** The own line broke and is back, and the way is silent still. */
  #returned = false;
  #said = false;

  /** `came`: something that shows that the way is open. Null: nothing is expected to come. */
  next(now: number, came: boolean | null): Step {
    if (came !== false) {
      this.#heardAt = came === null ? null : now;
      this.#probedAt = this.#reachedAt = null;
      this.#returned = this.#said = false;
      this.#looks = 0;
      return "wait";
    }
    this.#looks += 1;
    // A page that was asleep between two looks has missed nothing yet.
    if (this.#heardAt === null || this.#looks < 2) return "wait";
    const silence = now - this.#heardAt;
    if (silence >= PROBE_MS && this.#probedAt === null) {
      this.#probedAt = now;
      return "probe";
    }
    const closed = this.#returned || (this.#reachedAt !== null && now - this.#reachedAt >= FOUND_MS);
    if (this.#said || !closed || silence < MOVE_SILENCE_MS) return "wait";
    this.#said = true;
    return "move";
  }

  /** A signal of the other side came over the server. */
  reached(now: number): void {
    if (this.#probedAt !== null) this.#reachedAt ??= now;
  }

  /** The socket is a new one. What was said over the old one may have gone nowhere. */
  returned(): void {
    this.#returned = true;
    this.#said = false;
  }
}
