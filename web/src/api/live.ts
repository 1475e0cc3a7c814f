/**
 * Keeps fetched data and pushed events from overtaking each other. A fetch that runs while events come in may answer with the
 * state before them; so each fetch, when it is done, is told again of every event since it began. Appliers are idempotent.
 */
import type { StoredEvent } from "./types";

/** Events kept for fetches in flight; nothing takes longer than 20 s. */
const KEPT = 1_000;

export type Applier<T> = (data: T, event: StoredEvent) => T;

export class EventLog {
  #events: StoredEvent[] = [];
  /** Number of events ever seen: the position of the next. */
  #seen = 0;

  push(event: StoredEvent): void {
    this.#seen += 1;
    this.#events.push(event);
    if (this.#events.length > KEPT) this.#events = this.#events.slice(-KEPT);
  }

  #since(position: number): StoredEvent[] {
    const missed = this.#seen - position;
    return missed === 0 ? [] : this.#events.slice(-missed);
  }

  async fetch<T>(load: () => Promise<T>, apply: Applier<T>): Promise<T> {
    const position = this.#seen;
    const data = await load();
    return this.#since(position).reduce(apply, data);
  }
}
