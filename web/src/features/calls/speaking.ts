/** Who speaks, from the loudness of both sides: on at once, off only after a pause that is longer than one between words. */

/** Of 1; a voice is above, breath and fans are below. */
const LOUD = 0.02;
export const RELEASE_MS = 300;

export class Speaking {
  #loudAt = -Infinity;

  /** `now` in milliseconds. */
  next(now: number, level: number): boolean {
    if (level > LOUD) this.#loudAt = now;
    return now - this.#loudAt <= RELEASE_MS;
  }
}
