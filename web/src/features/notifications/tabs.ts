/** Lets the open tabs of one browser settle among themselves which of them tells of a message. */
import { randomKey } from "../../lib/random";
import { decide, type Bid, type Nearness, type Wanted } from "./rank";

/** Tabs in the background may be slow to answer. */
const WAIT_MS = 250;
/** Whom nothing is heard of in this time has no more to say. */
const FORGET_MS = 10_000;

export class Tabs {
  readonly #me = randomKey();
  readonly #bids = new Map<string, Bid[]>();
  readonly #channel = "BroadcastChannel" in window ? new BroadcastChannel("staffline-notices") : null;

  constructor() {
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<Bid>) => this.#take(data));
  }

  #take(bid: Bid): void {
    const known = this.#bids.get(bid.id);
    if (known !== undefined) return void known.push(bid);
    this.#bids.set(bid.id, [bid]);
    setTimeout(() => this.#bids.delete(bid.id), FORGET_MS);
  }

  /** Says how near this tab is to a message; `then` hears what it is to do. */
  settle(id: string, nearness: Nearness, then: (wanted: Wanted) => void): void {
    const bid = { id, tab: this.#me, nearness };
    this.#take(bid);
    this.#channel?.postMessage(bid);
    setTimeout(() => then(decide(this.#me, this.#bids.get(id) ?? [])), WAIT_MS);
  }

  close(): void {
    this.#channel?.close();
  }
}
