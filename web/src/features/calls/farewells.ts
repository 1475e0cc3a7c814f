/** What the user here has ended stays ended, whatever was still on its way, and is said as soon as it can be. */
import type { CallState, ClientFrame } from "../../api/types";

type Send = (frame: ClientFrame) => boolean;

/** More than this at once are never open. */
const KEPT = 8;

export class Farewells {
  readonly #send: Send;
  /** Ids of calls that the user has ended. */
  #ended: string[] = [];
  /** Keys of calls that were cancelled before the server had told of them. */
  #cancelled: string[] = [];
  /** Declines and hang-ups that could not be said because the socket was down. */
  #unsaid: ClientFrame[] = [];

  constructor(send: Send) {
    this.#send = send;
  }

  say(frame: ClientFrame & { call_id: string }): void {
    this.#ended = [...this.#ended, frame.call_id].slice(-KEPT);
    if (!this.#send(frame)) this.#unsaid.push(frame);
  }

  /** A call of one's own that has no id yet. */
  cancel(clientKey: string): void {
    this.#cancelled = [...this.#cancelled, clientKey].slice(-KEPT);
  }

  /** The socket is back. */
  flush(): void {
    for (const frame of this.#unsaid.splice(0)) this.say(frame as ClientFrame & { call_id: string });
  }

  /** Whether the user has ended this call. */
  covers(call: CallState): boolean {
    if (this.#ended.includes(call.id)) return true;
    if (!this.#cancelled.includes(call.client_key)) return false;
    // Only now it has a name to be hung up by.
    if (call.phase !== "ended") this.say({ type: "call_hang_up", call_id: call.id });
    return true;
  }
}
