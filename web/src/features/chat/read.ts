/**
 * Tells the server how far the reader has read: at most once a second, the furthest place only, again if it did not arrive.
 */
export interface ReadWorld {
  mark(seq: number): Promise<void>;
}

export const EVERY_MS = 1_000;
const RETRY_MS = 5_000;

export class ReadMarker {
  readonly #world: ReadWorld;
  #seen = 0;
  /** The server knows. */
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(world: ReadWorld) {
    this.#world = world;
  }

  /** What the server says that has been read, on whichever device. */
  known(seq: number): void {
    this.#told = Math.max(this.#told, seq);
  }

  saw(seq: number): void {
    if (seq <= this.#seen) return;
    this.#seen = seq;
    if (this.#timer === undefined) this.#tell();
  }

  /** The last word, for one who leaves the chat within the second. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#seen > this.#told) void this.#world.mark(this.#seen).catch(() => undefined);
  }

  #tell(): void {
    this.#timer = undefined;
    const seq = this.#seen;
    if (seq <= this.#told) return;
    this.#timer = setTimeout(() => this.#tell(), EVERY_MS);
    this.#world.mark(seq).then(
      () => this.known(seq),
      () => {
        if (this.#timer === undefined) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#tell(), RETRY_MS);
      },
    );
  }
}
