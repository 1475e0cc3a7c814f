/** Who is writing now, and telling others that one is oneself. Frames, no events: nothing of it is kept. */
import { Store } from "../../lib/store";

/** Shown for so long after each frame. */
export const SHOWN_MS = 6_000;
/** Told at most so often. */
export const TELL_EVERY_MS = 3_000;

const NOBODY: readonly string[] = [];

export class Typing {
  /** By conversation, in the order in which they began. */
  readonly #writers = new Store<Readonly<Record<string, readonly string[]>>>({});
  readonly subscribe = this.#writers.subscribe;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #told = new Map<string, number>();
  readonly #tell: (conversationId: string) => void;

  constructor(tell: (conversationId: string) => void) {
    this.#tell = tell;
  }

  /** The same list until it changes. */
  of(conversationId: string): readonly string[] {
    return this.#writers.get()[conversationId] ?? NOBODY;
  }

  began(conversationId: string, userId: string): void {
    const key = `${conversationId} ${userId}`;
    clearTimeout(this.#timers.get(key));
    this.#timers.set(key, setTimeout(() => this.ended(conversationId, userId), SHOWN_MS));
    const writers = this.of(conversationId);
    if (!writers.includes(userId)) this.#set(conversationId, [...writers, userId]);
  }

  /** Time is up, or what was written has come. */
  ended(conversationId: string, userId: string): void {
    const key = `${conversationId} ${userId}`;
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    const writers = this.of(conversationId);
    if (writers.includes(userId)) this.#set(conversationId, writers.filter((id) => id !== userId));
  }

  /** The text of one's own input has changed. */
  write(conversationId: string): void {
    const now = Date.now();
    if (now - (this.#told.get(conversationId) ?? -Infinity) < TELL_EVERY_MS) return;
    this.#told.set(conversationId, now);
    this.#tell(conversationId);
  }

  /** What one wrote has gone: the next letter is told of at once. */
  sent(conversationId: string): void {
    this.#told.delete(conversationId);
  }

  #set(conversationId: string, writers: readonly string[]): void {
    this.#writers.update((all) => ({ ...all, [conversationId]: writers }));
  }
}
