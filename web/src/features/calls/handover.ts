/** Of two peers of one call: when the new one may take the place of the old, so that neither sound nor picture has a hole. */
import type { PeerLike } from "./peer";
import { LINES, received, takeSample, type Entry, type Line, type Sample } from "./sample";

/** What does not grow for so long is not there any more. */
const DEAD_MS = 400;
/** As much sound as the browser buffers before it plays smoothly. */
const PACKETS = 5;
/** A picture that does not come over the new path is not waited for any longer. */
export const WHOLE_MS = 3_000;

async function look(peer: PeerLike): Promise<Sample | null> {
  try {
    return takeSample((await peer.connection.getStats()).values() as Iterable<Entry>);
  } catch {
    // It is just being closed.
    return null;
  }
}

export class Handover {
  readonly #old: PeerLike;
  readonly #fresh: PeerLike;
  /** By line: how many packets had come over the old path, and since when. */
  readonly #seen = new Map<Line, { packets: number; since: number }>();
  #flowsSince: number | null = null;

  constructor(old: PeerLike, fresh: PeerLike) {
    this.#old = old;
    this.#fresh = fresh;
  }

  /** `now` in milliseconds. */
  async ready(now: number): Promise<boolean> {
    const [old, fresh] = await Promise.all([look(this.#old), look(this.#fresh)]);
    const alive = LINES.filter((line) => this.#flows(now, line, old?.inbound[line]?.packets ?? 0));
    if (fresh === null || received(fresh) === 0) return false;
    this.#flowsSince ??= now;
    return now - this.#flowsSince >= WHOLE_MS || alive.every((line) => isThere(fresh, line));
  }

  #flows(now: number, line: Line, packets: number): boolean {
    const seen = this.#seen.get(line);
    if (seen === undefined || packets > seen.packets) this.#seen.set(line, { packets, since: now });
    return packets > 0 && now - (this.#seen.get(line)?.since ?? now) < DEAD_MS;
  }
}

function isThere({ inbound }: Sample, line: Line): boolean {
  const flow = inbound[line];
  if (flow === undefined) return false;
  return line === "sound" ? flow.packets >= PACKETS : flow.frames > 0;
}
