/** The one clock of a recording's timeline: all of its tracks follow it, and it follows none. Told the time, it never asks. Pure. */

export class MasterClock {
  /** Where the timeline stood when the clock was last touched. */
  #baseMs = 0;
  /** Since when it runs, by the page's clock; null while it stands. */
  #since: number | null = null;
  #speed = 1;

  get isRunning(): boolean {
    return this.#since !== null;
  }

  get speed(): number {
    return this.#speed;
  }

  /** The place on the timeline, in milliseconds. */
  at(now: number): number {
    return this.#since === null ? this.#baseMs : this.#baseMs + (now - this.#since) * this.#speed;
  }

  run(now: number): void {
    this.#since ??= now;
  }

  stand(now: number): void {
    this.#baseMs = this.at(now);
    this.#since = null;
  }

  seek(now: number, ms: number): void {
    this.#baseMs = ms;
    if (this.#since !== null) this.#since = now;
  }

  setSpeed(now: number, speed: number): void {
    this.seek(now, this.at(now));
    this.#speed = speed;
  }
}
