/**
 * Whether the own sound goes out twice (RFC 2198): each packet brings the one before it along. That mends nearly all that a line loses here and
 * there, for some 40 kbit/s more. Pure: it is told what was measured.
 */
import type { Measured } from "./degrade";

/** Percent that are lost in two reports in a row, or in one. */
const LOSSY = 3;
const VERY_LOSSY = 8;
/** A line that loses so little for so many looks (one a second) needs it no more. */
const SOUND = 1;
const SOUND_FOR = 60;
/** What the line must have room for, in kbit/s, and for how many looks it may have less. */
const ROOM = 200;
const LITTLE_ROOM = 150;
const PATIENCE = 5;

export class Redundancy {
  #on = false;
  #lossy = 0;
  #soundFor = 0;
  #narrowFor = 0;

  get on(): boolean {
    return this.#on;
  }

  /** One look. */
  next({ lossPercent, repeated, availableKbps }: Omit<Measured, "roundTripMs">): boolean {
    const [loss, room] = [lossPercent ?? 0, availableKbps ?? Infinity];
    if (repeated !== true) this.#lossy = loss < LOSSY ? 0 : this.#lossy + (loss < VERY_LOSSY ? 1 : 2);
    this.#soundFor = loss < SOUND ? this.#soundFor + 1 : 0;
    this.#narrowFor = room < LITTLE_ROOM ? this.#narrowFor + 1 : 0;
    if (this.#on) this.#on = this.#soundFor < SOUND_FOR && this.#narrowFor < PATIENCE;
    else this.#on = this.#lossy >= 2 && room >= ROOM;
    return this.#on;
  }
}
