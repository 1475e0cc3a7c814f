/**
 * The media connection of one call: a peer for each negotiation, restarted when it breaks, moved to another path when that
 * helps, and given up when nothing does. While it moves, what was there before is heard until the new one flows.
 */
import type { CallState, ClientFrame, IceServer, Signal } from "../../api/types";
import { Gauge, type Measure } from "./gauge";
import { Handover } from "./handover";
import { Patience } from "./patience";
import type { LocalTracks, PeerEvents, PeerLike, RemoteStreams } from "./peer";
import { Timers } from "./timers";

export interface ConnectionWorld {
  me: string;
  send(frame: ClientFrame): boolean;
  /** The network may be another one: what is said may not arrive. */
  doubtLine(): void;
  peer(call: CallState, tracks: LocalTracks, events: PeerEvents): PeerLike;
  /** Relay servers with credentials that hold from now on. */
  iceServers(callId: string): Promise<IceServer[]>;
}

export interface ConnectionEvents {
  connected(): void;
  /** It broke and is being restored, until it is `connected` again. */
  interrupted(): void;
  /** The path changes, until false. */
  moving(on: boolean): void;
  remote(streams: RemoteStreams): void;
  measured(measure: Partial<Measure>): void;
  /** Nothing helped. `lost`: it was connected once. */
  gaveUp(why: "lost" | "never"): void;
}

/** Media that takes longer than this never connects. Browsers may stay `new` or `connecting` for ever. */
export const CONNECT_MS = 25_000;
/** A direct way that was not found by now is not waited for where there is another path. */
export const MOVE_AFTER_MS = 5_000;
/** An offer to the other device that nobody has answered is said again. */
export const OFFER_AGAIN_MS = 600;
/** Relays that could not be reached are asked again after so long. */
export const ASK_AGAIN_MS = 500;
/** A pair that is silent this long is not waited for any more without looking for another. */
export const RESTART_AFTER_MS = 2_500;
/** What a restart may take before it counts as failed. */
export const RESTART_MS = 4_000;
/** The old path is kept no longer than this. */
export const MOVE_MS = 10_000;
/** The server's grace for a lost participant; after it the call is over there as well. */
export const LOST_MS = 30_000;
/** After a move the old path still carries what is sent for so long: the other side may not have come over yet. */
export const LINGER_MS = 2_000;
/** How often it is looked whether the new path flows. */
const FLOW_MS = 50;
/** Credentials of a relay that are older are renewed before they are used again; they hold for ten minutes. */
export const FRESH_MS = 8 * 60_000;
/** A restart waits no longer for them: the network may be down that is to be restored. */
export const RENEW_MS = 2_000;

export class Connection {
  readonly #world: ConnectionWorld;
  readonly #events: ConnectionEvents;
  readonly #timers = new Timers<"connect" | "move" | "restart" | "broken" | "lost" | "old" | "flow" | "linger" | "renew" | "offer" | "again">();
  #call: CallState | null = null;
  #peer: PeerLike | null = null;
  /** The peer before the move, which plays on. */
  #old: PeerLike | null = null;
  /** The same once the new one has taken its place. */
  #leaving: PeerLike | null = null;
  #gauge: Gauge | null = null;
  #patience = new Patience();
  /** When the relay's credentials came. */
  #servedAt = 0;
  #isConnected = false;
  #wasConnected = false;
  /** What the new peer receives, shown as soon as it flows. */
  #remote: RemoteStreams | null = null;
  /** Signals made while the socket was down, and that the media failed then. */
  #unsent: { negotiation: number; frame: ClientFrame }[] = [];

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

  /** Anew. True if what was there before plays on meanwhile. */
  connect(call: CallState, tracks: LocalTracks): boolean {
    const moves = call.moved_from != null && this.#call !== null && this.#call.path !== call.path;
    const kept = moves && this.#wasConnected ? (this.#old ?? this.#peer) : null;
    if (kept === this.#peer) this.#peer = null;
    if (kept !== this.#old) this.#dropOld();
    this.#dropLeaving();
    this.#dropPeer();
    this.#timers.clear();
    this.#old = kept;
    this.#unsent = [];
    [this.#isConnected, this.#wasConnected, this.#remote] = [false, kept !== null, null];
    this.#events.moving(moves);
    if (kept !== null) this.#timers.set("old", MOVE_MS, () => this.#moved(0));
    this.#setUp(call, tracks);
    this.#timers.set("connect", CONNECT_MS, () => this.#events.gaveUp("never"));
    this.#timers.set("move", MOVE_AFTER_MS, () => this.#sayFailed());
    if (call.offerer && call.path !== "media_node") this.#awaitAnswer();
    this.follow(call);
    return kept !== null;
  }

  #awaitAnswer(): void {
    this.#timers.set("offer", OFFER_AGAIN_MS, () => {
      this.#peer?.remind();
      this.#awaitAnswer();
    });
  }

  #setUp(call: CallState, tracks: LocalTracks): void {
    // What the peer before says as it goes does not count.
    const ofThis = (then: () => void): void => {
      if (this.#peer === peer) then();
    };
    const peer: PeerLike = this.#world.peer(call, tracks, {
      signal: (signal) => this.#signal(call, signal),
      remote: (streams) => ofThis(() => this.#heard(streams)),
      connection: (state) => ofThis(() => this.#changed(state)),
      unreached: () => ofThis(() => this.#askAgain()),
      failed: () =>
        ofThis(() => {
          if (!this.#sayFailed()) this.#events.gaveUp("never");
        }),
    });
    this.#peer = peer;
    this.#patience = new Patience();
    this.#servedAt = performance.now();
    this.#gauge = new Gauge(peer, call.path === "media_node", {
      measured: (measure) => this.#events.measured(measure),
      silent: (kind) => this.#silent(kind),
      looked: (open) => this.#looked(open),
    });
  }

  #askAgain(): void {
    if (!this.#isConnected) this.#timers.set("again", ASK_AGAIN_MS, () => this.#restartPeer());
  }

  /** What has changed within the negotiation. */
  follow(call: CallState): void {
    const servers = this.#call?.negotiation === call.negotiation ? this.#call.ice_servers : call.ice_servers;
    this.#call = call;
    if (call.ice_servers.length > 0 && JSON.stringify(servers) !== JSON.stringify(call.ice_servers)) this.#renew(call.ice_servers);
    const other = call.participants.find(({ user_id }) => user_id !== this.#world.me);
    // Whoever has yet to agree to the recording sends nothing.
    const silent = other === undefined || call.recording?.waiting_for.includes(other.user_id) === true;
    this.#gauge?.expect(!silent && other.connected && !other.on_hold && other.microphone);
  }

  /** Sends other tracks. */
  use(tracks: LocalTracks): void {
    for (const peer of [this.#peer, this.#old, this.#leaving]) {
      // A peer that is just being closed takes no track any more.
      void peer?.use(tracks).catch(() => undefined);
    }
  }

  /** A signal from the other side. */
  receive(signal: Signal): void {
    this.#patience.reached(performance.now());
    this.#peer?.receive(signal);
  }

  /** The socket is back and the call still ours: says what could not be said meanwhile. */
  resume(call: CallState): void {
    for (const { negotiation, frame } of this.#unsent.splice(0)) {
      if (negotiation === call.negotiation) this.#say(negotiation, frame);
    }
    // An offer that was said shortly before may have gone nowhere with the old socket.
    const unanswered = this.connection?.signalingState === "have-local-offer";
    const broken = !this.#isConnected || this.#gauge?.isSilent === true;
    if (this.#wasConnected && (broken || unanswered)) this.#restart();
    if (!call.may_move) return;
    // Packets are back sooner than a socket: a way that is silent still is not only broken off, it is closed.
    this.#patience.returned();
    void this.#gauge?.watch();
  }

  /** The computer has moved to another network. */
  networkChanged(): void {
    if (this.#wasConnected) this.#restart();
  }

  close(): void {
    this.#timers.clear();
    this.#dropOld();
    this.#dropLeaving();
    this.#dropPeer();
    this.#call = this.#remote = null;
    this.#unsent = [];
    this.#isConnected = this.#wasConnected = false;
  }

  #changed(state: RTCPeerConnectionState): void {
    if (state === "connected") this.#connected();
    else if (state === "disconnected") this.#broke(RESTART_AFTER_MS);
    else if (state === "failed") this.#failed();
  }

  /** The browser has given up: nor is another path waited for. */
  #failed(): void {
    this.#sayFailed();
    this.#broke(0);
  }

  #connected(): void {
    this.#timers.clear("connect", "move", "restart", "broken", "lost", "offer", "again");
    this.#isConnected = this.#wasConnected = true;
    this.#gauge?.start();
    if (this.#call?.may_move === true) this.#gauge?.watchClosely();
    if (this.#old === null) this.#moved();
    else if (this.#peer !== null && !this.#timers.has("flow")) this.#awaitFlow(new Handover(this.#old, this.#peer));
    this.#events.connected();
  }

  #awaitFlow(handover: Handover): void {
    const old = this.#old;
    this.#timers.set("flow", FLOW_MS, () => {
      void handover.ready(performance.now()).then((ready) => {
        if (this.#old === null || this.#old !== old) return;
        if (ready) this.#moved();
        else this.#awaitFlow(handover);
      });
    });
  }

  /** What was there before the move is not needed here any more. */
  #moved(lingerMs = LINGER_MS): void {
    this.#timers.clear("old", "flow");
    if (this.#old !== null) {
      this.#leaving = this.#old;
      this.#old = null;
      this.#timers.set("linger", lingerMs, () => this.#dropLeaving());
    }
    if (this.#remote !== null) this.#events.remote(this.#remote);
    this.#events.moving(false);
  }

  #heard(streams: RemoteStreams): void {
    this.#remote = streams;
    if (this.#old === null) this.#events.remote(streams);
  }

  #broke(restartAfterMs: number): void {
    this.#world.doubtLine();
    // While it still connects for the first time, its own time runs.
    if (this.#isConnected) {
      this.#isConnected = false;
      this.#events.interrupted();
    }
    if (this.#wasConnected && !this.#timers.has("lost")) this.#timers.set("lost", LOST_MS, () => this.#events.gaveUp("lost"));
    this.#timers.set("restart", restartAfterMs, () => this.#restart());
  }

  /** Again and again: the first attempt may have met a network that was not there yet. */
  #restart(): void {
    this.#timers.clear("restart");
    this.#world.doubtLine();
    this.#restartPeer();
    if (this.#isConnected) return;
    this.#timers.set("broken", RESTART_MS, () => {
      this.#sayFailed();
      this.#restart();
    });
  }

  /** ICE is content, but nothing comes, though the other side sends. */
  #silent(kind: "short" | "long" | "over"): void {
    if (!this.#isConnected) return;
    if (kind === "over") return this.#connected();
    this.#world.doubtLine();
    this.#restartPeer();
    if (kind === "short") return;
    this.#events.interrupted();
    this.#sayFailed();
    // A side that has fallen silent may speak again; one that was never heard is not connected.
    if (this.#gauge?.hasFlowed === false) this.#timers.set("lost", LOST_MS, () => this.#events.gaveUp("lost"));
  }

  #looked(open: boolean | null): void {
    const step = this.#call?.may_move === true ? this.#patience.next(performance.now(), open) : "wait";
    if (step === "move") this.#sayFailed();
    if (step !== "probe") return;
    this.#world.doubtLine();
    this.#restartPeer();
  }

  /** With credentials that hold: those of a long call may have run out. */
  #restartPeer(): void {
    const [call, peer] = [this.#call, this.#peer];
    if (call === null || peer === null) return;
    const relayed = call.ice_servers.some(({ credential }) => credential != null);
    if (!relayed || performance.now() - this.#servedAt < FRESH_MS) return peer.restart();
    if (this.#timers.has("renew")) return;
    const go = (servers: IceServer[] | null): void => {
      if (peer !== this.#peer || !this.#timers.has("renew")) return;
      this.#timers.clear("renew");
      if (servers !== null) this.#renew(servers);
      peer.restart();
    };
    this.#timers.set("renew", RENEW_MS, () => peer.restart());
    this.#world.iceServers(call.id).then(go, () => go(null));
  }

  #renew(servers: IceServer[]): void {
    this.#servedAt = performance.now();
    this.#peer?.renew(servers);
  }

  /** Asks for another path. False if there is none. */
  #sayFailed(): boolean {
    const call = this.#call;
    if (call?.may_move !== true) return false;
    this.#say(call.negotiation, { type: "call_media_failed", call_id: call.id, negotiation: call.negotiation });
    return true;
  }

  #signal({ id, negotiation }: CallState, signal: Signal): void {
    if (negotiation === this.#call?.negotiation) this.#say(negotiation, { type: "call_signal", call_id: id, negotiation, signal });
  }

  #say(negotiation: number, frame: ClientFrame): void {
    if (this.#world.send(frame)) return;
    const again = frame.type === "call_media_failed" && this.#unsent.some((one) => one.frame.type === frame.type);
    if (!again) this.#unsent.push({ negotiation, frame });
  }

  #dropPeer(): void {
    this.#gauge?.stop();
    this.#peer?.close();
    this.#peer = this.#gauge = null;
  }

  #dropOld(): void {
    this.#old?.close();
    this.#old = null;
  }

  #dropLeaving(): void {
    this.#timers.clear("linger");
    this.#leaving?.close();
    this.#leaving = null;
  }
}
