/**
 * The media connection of one call: a peer for each negotiation, measured while it runs, restarted when it breaks, and given up
 * when nothing helps.
 */
import type { CallState, ClientFrame, Signal } from "../../api/types";
import type { LocalTracks, Peer, PeerEvents, RemoteStreams } from "./peer";
import { assess, type Quality } from "./quality";
import { Timers } from "./timers";

export interface ConnectionWorld {
  send(frame: ClientFrame): boolean;
  peer(call: CallState, tracks: LocalTracks, events: PeerEvents): Pick<Peer, keyof Peer>;
}

export interface ConnectionEvents {
  connected(): void;
  /** It broke and is being restored; true until it is connected again. */
  interrupted(): void;
  remote(streams: RemoteStreams): void;
  measured(quality: Quality): void;
  /** Nothing helped. `lost`: it was connected once. */
  gaveUp(why: "lost" | "never"): void;
}

/** Media that takes longer than this never connects. */
export const CONNECT_MS = 25_000;
/** A pair that is silent this long is not waited for any more without looking for another. */
export const RESTART_AFTER_MS = 2_500;
/** The server's grace for a lost participant; after it the call is over there as well. */
export const LOST_MS = 30_000;
const STATS_MS = 1_000;

export class Connection {
  readonly #world: ConnectionWorld;
  readonly #events: ConnectionEvents;
  readonly #timers = new Timers<"connect" | "restart" | "lost">();
  #call: CallState | null = null;
  #peer: Pick<Peer, keyof Peer> | null = null;
  #wasConnected = false;
  #isInterrupted = false;
  /** Signals made while the socket was down. */
  #unsent: { negotiation: number; signal: Signal }[] = [];
  #stats: ReturnType<typeof setInterval> | undefined;

  constructor(world: ConnectionWorld, events: ConnectionEvents) {
    this.#world = world;
    this.#events = events;
  }

  get connection(): RTCPeerConnection | null {
    return this.#peer?.connection ?? null;
  }

  /** Whether this is the state's negotiation, so that nothing has to be set up anew. */
  serves({ negotiation }: CallState): boolean {
    return this.#peer !== null && this.#call?.negotiation === negotiation;
  }

  connect(call: CallState, tracks: LocalTracks): void {
    this.close();
    this.#call = call;
    this.#timers.set("connect", CONNECT_MS, () => this.#events.gaveUp("never"));
    this.#peer = this.#world.peer(call, tracks, {
      signal: (signal) => this.#say(call, signal),
      remote: (streams) => this.#events.remote(streams),
      connection: (state) => this.#changed(state),
      failed: () => this.#events.gaveUp("never"),
    });
    this.#measure(this.#peer);
  }

  /** A signal from the other side. */
  receive(signal: Signal): void {
    this.#peer?.receive(signal);
  }

  async use(tracks: LocalTracks): Promise<void> {
    // A peer that is just being closed takes no track any more.
    await this.#peer?.use(tracks).catch(() => undefined);
  }

  /** The socket is back and the call still ours: says what could not be said meanwhile. */
  resume(call: CallState): void {
    for (const { negotiation, signal } of this.#unsent.splice(0)) {
      if (negotiation === call.negotiation) this.#say(call, signal);
    }
    if (this.#isInterrupted) this.#peer?.restart();
  }

  close(): void {
    this.#timers.clear();
    clearInterval(this.#stats);
    this.#peer?.close();
    this.#peer = this.#call = null;
    this.#wasConnected = this.#isInterrupted = false;
    this.#unsent = [];
  }

  #changed(state: RTCPeerConnectionState): void {
    if (state === "connected") {
      this.#timers.clear();
      this.#wasConnected = true;
      this.#isInterrupted = false;
      this.#events.connected();
    } else if (state === "disconnected") {
      this.#interrupted(RESTART_AFTER_MS);
    } else if (state === "failed") {
      this.#interrupted(0);
    }
  }

  #interrupted(restartAfterMs: number): void {
    if (this.#wasConnected) {
      this.#isInterrupted = true;
      this.#events.interrupted();
      if (!this.#timers.has("lost")) this.#timers.set("lost", LOST_MS, () => this.#events.gaveUp("lost"));
    }
    this.#timers.set("restart", restartAfterMs, () => this.#peer?.restart());
  }

  #measure(peer: Pick<Peer, keyof Peer>): void {
    let totals = { received: 0, lost: 0 };
    this.#stats = setInterval(() => {
      void peer.connection.getStats().then((report) => {
        if (peer !== this.#peer) return;
        const seen = assess([...report.values()], totals);
        totals = seen.totals;
        this.#events.measured(seen.quality);
      });
    }, STATS_MS);
  }

  #say({ id, negotiation }: CallState, signal: Signal): void {
    if (!this.#world.send({ type: "call_signal", call_id: id, negotiation, signal })) {
      this.#unsent.push({ negotiation, signal });
    }
  }
}
