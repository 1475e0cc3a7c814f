/**
 * The call, without React. The server holds the call's state and tells it whole at each change; this class follows it with
 * devices and a peer connection, and lets go of everything in every ending.
 */
import { Store } from "../../lib/store";
import { randomKey } from "../../lib/random";
import type { CallKind, CallState, ClientFrame, ServerFrame, Signal } from "../../api/types";
import { LocalMedia } from "./localMedia";
import { mediaError, type Devices } from "./media";
import type { LocalTracks, Peer, PeerEvents } from "./peer";
import { assess } from "./quality";
import { IDLE, type CallView, type Ending } from "./view";

/** What a call needs of the world; a test gives its own. */
export interface CallWorld {
  me: string;
  send(frame: ClientFrame): boolean;
  /** Read at each use: a page may gain devices, and an insecure one has none. */
  devices(): Devices | undefined;
  peer(call: CallState, tracks: LocalTracks, events: PeerEvents): Pick<Peer, keyof Peer>;
}

/** Direct media that takes longer than this never connects. */
export const CONNECT_MS = 25_000;
/** A pair that is silent this long is not waited for any more without looking for another. */
export const RESTART_AFTER_MS = 3_000;
/** The server's grace for a lost participant; after it the call is over there as well. */
export const LOST_MS = 30_000;
const STATS_MS = 1_000;

/** Refusals after which there is no call to go on with. */
const FATAL = new Set([
  "no_such_call",
  "answered_elsewhere",
  "already_in_call",
  "user_unavailable",
  "not_ringing",
  "bad_client_key",
  "too_many_calls",
  "media_node_refused",
  "unavailable",
]);

/** The server rings for 45 s; a page that heard nothing since stops by itself. */
export const RING_MS = 50_000;
/** After a reconnect the server tells of a ringing call at once, or it rings no more. */
const CONFIRM_MS = 3_000;

const TIMERS = ["ring", "connect", "restart", "lost"] as const;
type TimerName = (typeof TIMERS)[number];

export class CallSession {
  readonly view = new Store<CallView>(IDLE);
  readonly #world: CallWorld;
  readonly #media: LocalMedia;
  #peer: Pick<Peer, keyof Peer> | null = null;
  /** The key of a call of one's own; the server's state is found by it. */
  #clientKey: string | null = null;
  /** Grows with each call: an answer that comes after its call is over changes nothing. */
  #attempt = 0;
  #deviceId: string | null = null;
  /** The device id as which the server knows this page to hold the call. */
  #heldAs: string | null = null;
  /** The socket is new, and the server has not yet said that the call is still held by this page. */
  #resuming = false;
  /** The last call that the user here has ended, by its id or, if the server had not yet told of it, by its key. */
  #dismissed: { id: string | null; key: string | null } = { id: null, key: null };
  /** A decline or hang-up that could not be said because the socket was down. */
  #unsaid: ClientFrame | null = null;
  /** Signals made while the socket was down. */
  #unsent: { negotiation: number; signal: Signal }[] = [];
  readonly #timers = new Map<TimerName, ReturnType<typeof setTimeout>>();
  #stats: ReturnType<typeof setInterval> | undefined;

  constructor(world: CallWorld) {
    this.#world = world;
    this.#media = new LocalMedia(
      () => world.devices(),
      () => this.#showMedia(),
    );
  }

  /** For debugging and tests; see docs/testing-webrtc.md. */
  get connection(): RTCPeerConnection | null {
    return this.#peer?.connection ?? null;
  }

  // What the user does.

  async call(peerId: string, kind: CallKind): Promise<void> {
    if (this.view.get().stage !== "idle") return;
    const attempt = ++this.#attempt;
    this.#clientKey = randomKey();
    this.view.set({ ...IDLE, stage: "asking", kind, peerId, camera: kind === "video" });
    if (!(await this.#openMedia(kind, attempt))) return;
    this.#show({ stage: "outgoing" });
    if (!this.#sayStart()) this.#finish("socket");
  }

  async accept(): Promise<void> {
    const { stage, call, kind } = this.view.get();
    if (stage !== "incoming" || call === null) return;
    const attempt = this.#attempt;
    this.#show({ stage: "asking", mediaError: null });
    if (!(await this.#openMedia(kind, attempt))) return;
    this.#show({ stage: "connecting" });
    if (!this.#world.send({ type: "call_accept", call_id: call.id })) this.#finish("socket");
  }

  decline(): void {
    const { call } = this.view.get();
    if (call === null) return;
    this.#dismiss({ type: "call_decline", call_id: call.id });
    this.#finish(null);
  }

  hangUp(why: Ending | null = null): void {
    const { stage, call } = this.view.get();
    if (stage === "idle") return;
    if (call === null) this.#dismissed = { id: null, key: this.#clientKey };
    else this.#dismiss({ type: "call_hang_up", call_id: call.id });
    this.#finish(why);
  }

  /** Continues here a call that another device of this user left. */
  async takeOver(): Promise<void> {
    const { abandoned, stage } = this.view.get();
    if (abandoned === null || stage !== "idle") return;
    const attempt = ++this.#attempt;
    const peerId = this.#peerOf(abandoned);
    this.view.set({ ...IDLE, stage: "asking", kind: abandoned.kind, call: abandoned, peerId });
    if (!(await this.#openMedia(abandoned.kind, attempt))) return;
    this.#show({ stage: "connecting" });
    if (!this.#world.send({ type: "call_accept", call_id: abandoned.id })) this.#finish("socket");
  }

  setMicrophone(on: boolean): void {
    this.#media.setMicrophone(on);
  }

  async setCamera(on: boolean): Promise<void> {
    const attempt = this.#attempt;
    try {
      await this.#media.setCamera(on);
    } catch (error) {
      const { code, cause_name } = mediaError(error);
      if (attempt === this.#attempt) this.#show({ mediaError: { code, detail: cause_name, camera: true } });
      return;
    }
    if (attempt !== this.#attempt) return;
    this.#show({ mediaError: null });
    await this.#peer?.setCamera(this.#media.tracks?.camera ?? null);
  }

  forgetMediaError(): void {
    this.#show({ mediaError: null });
  }

  // What the server says.

  receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "hello":
        return this.#greet(frame.device_id);
      case "call":
        return this.#follow(frame.call);
      case "call_signal":
        if (frame.call_id === this.view.get().call?.id) this.#peer?.receive(frame.signal);
        return;
      case "error": {
        const { call } = this.view.get();
        const byKey = frame.client_key != null && frame.client_key === this.#clientKey;
        const byId = frame.call_id != null && frame.call_id === call?.id;
        if ((byKey || byId) && FATAL.has(frame.code)) this.#finish({ code: frame.code });
        return;
      }
    }
  }

  #dismiss(frame: ClientFrame & { call_id: string }): void {
    this.#dismissed = { id: frame.call_id, key: null };
    if (!this.#world.send(frame)) this.#unsaid = frame;
  }

  /** A new socket is a new device for the server. */
  #greet(deviceId: string): void {
    this.#deviceId = deviceId;
    if (this.#unsaid !== null) {
      this.#world.send(this.#unsaid);
      this.#unsaid = null;
    }
    // What was ringing or abandoned is told anew after the hello.
    this.#show({ abandoned: null });
    const { stage, call } = this.view.get();
    if (stage === "outgoing") this.#sayStart();
    if (stage === "incoming") this.#timer("ring", CONFIRM_MS, () => this.#finish("missed"));
    if (call === null || (stage !== "connecting" && stage !== "talking")) return;
    this.#resuming = true;
    this.#world.send({ type: "call_accept", call_id: call.id, previous_device_id: this.#heldAs });
  }

  #follow(call: CallState): void {
    if (this.#isDismissed(call)) return;
    const { stage, call: current } = this.view.get();
    const known = current?.id === call.id || (this.#clientKey !== null && call.client_key === this.#clientKey);
    if (call.phase === "ended") {
      if (this.view.get().abandoned?.id === call.id) this.#show({ abandoned: null });
      if (known && stage !== "idle") this.#finish(call.outcome ?? "lost");
    } else if (call.phase === "ringing") {
      if (known) this.#ringing(call);
      else if (stage === "idle" && call.callee_id === this.#world.me) this.#ring(call);
    } else if (call.here) {
      if (known && stage !== "idle") this.#answered(call);
    } else {
      this.#answeredElsewhere(call, known);
    }
  }

  /** What the user here has ended stays ended, whatever was still on its way. */
  #isDismissed(call: CallState): boolean {
    const { id, key } = this.#dismissed;
    if (key !== null && call.client_key === key && call.phase !== "ended") {
      // Cancelled before the server had told of it: only now it has a name to be hung up by.
      this.#dismiss({ type: "call_hang_up", call_id: call.id });
      return true;
    }
    return call.id === id;
  }

  #ringing(call: CallState): void {
    this.#timer("ring", RING_MS, () => this.hangUp("missed"));
    this.#show({ call, kind: call.kind });
  }

  #ring(call: CallState): void {
    this.#attempt += 1;
    this.#timer("ring", RING_MS, () => this.#finish("missed"));
    this.view.set({
      ...IDLE,
      stage: "incoming",
      kind: call.kind,
      call,
      peerId: this.#peerOf(call),
      camera: call.kind === "video",
    });
  }

  #answeredElsewhere(call: CallState, known: boolean): void {
    const { stage, call: current } = this.view.get();
    const connected = this.#isConnected(call);
    if (!known) return this.#show({ abandoned: connected ? null : call });
    // Another device answered first, or has taken the call over. (While this page takes it over or back, the state may still
    // be the one before; if another was faster, the server refuses.)
    const mine = current?.here === true && !this.#resuming;
    if (current?.phase === "ringing" || (connected && (mine || stage === "asking"))) this.#finish("elsewhere");
  }

  /** Whether the server sees a device of this user in the call. */
  #isConnected(call: CallState): boolean {
    return call.participants.find(({ user_id }) => user_id === this.#world.me)?.connected !== false;
  }

  #answered(call: CallState): void {
    const before = this.view.get().call;
    const anew = this.#peer === null || before?.negotiation !== call.negotiation;
    this.#heldAs = this.#deviceId;
    this.#show({ call, kind: call.kind, abandoned: null });
    // Only this page's own `call_accept` or `call_start` makes it the holder, and both are said with open devices.
    if (this.#media.tracks === null) return;
    if (anew) this.#connect(call, this.#media.tracks);
    else if (this.#resuming) this.#resume(call);
  }

  /** The socket is back and the call is still ours: says what could not be said meanwhile. */
  #resume(call: CallState): void {
    this.#resuming = false;
    for (const { negotiation, signal } of this.#unsent.splice(0)) {
      if (negotiation === call.negotiation) this.#signal(call, signal);
    }
    this.#sayMedia();
    if (this.view.get().interrupted) this.#peer?.restart();
  }

  #connect(call: CallState, tracks: LocalTracks): void {
    this.#clear(...TIMERS);
    this.#dropPeer();
    this.#resuming = false;
    this.#unsent = [];
    this.#show({ stage: "connecting", interrupted: false, quality: null, remote: null });
    this.#timer("connect", CONNECT_MS, () => this.hangUp(call.path === "media_node" ? "mediaNode" : "media"));
    const peer = this.#world.peer(call, tracks, {
      signal: (signal) => this.#signal(call, signal),
      // A new stream object, so that the screen notices a track that came later.
      remote: (stream) => this.#show({ remote: new MediaStream(stream.getTracks()) }),
      connection: (state) => this.#connection(state),
      failed: () => this.hangUp(call.path === "media_node" ? "mediaNode" : "media"),
    });
    this.#peer = peer;
    this.#measure(peer);
    this.#sayMedia();
  }

  #connection(state: RTCPeerConnectionState): void {
    switch (state) {
      case "connected":
        this.#clear(...TIMERS);
        this.#show({ stage: "talking", interrupted: false });
        return;
      case "disconnected":
        this.#interrupted(RESTART_AFTER_MS);
        return;
      case "failed":
        this.#interrupted(0);
        return;
    }
  }

  #interrupted(restartAfterMs: number): void {
    if (this.view.get().stage === "talking") {
      this.#show({ interrupted: true });
      if (!this.#timers.has("lost")) this.#timer("lost", LOST_MS, () => this.hangUp("lost"));
    }
    this.#timer("restart", restartAfterMs, () => this.#peer?.restart());
  }

  #measure(peer: Pick<Peer, keyof Peer>): void {
    let totals = { received: 0, lost: 0 };
    this.#stats = setInterval(() => {
      void peer.connection.getStats().then((report) => {
        if (peer !== this.#peer) return;
        const seen = assess([...report.values()], totals);
        totals = seen.totals;
        this.#show({ quality: seen.quality });
      });
    }, STATS_MS);
  }

  // What is said to the server.

  #sayStart(): boolean {
    const { peerId, kind } = this.view.get();
    if (peerId === null || this.#clientKey === null) return false;
    return this.#world.send({ type: "call_start", client_key: this.#clientKey, callee_id: peerId, kind });
  }

  #signal(call: CallState, signal: Signal): void {
    const { negotiation } = call;
    if (!this.#world.send({ type: "call_signal", call_id: call.id, negotiation, signal })) {
      this.#unsent.push({ negotiation, signal });
    }
  }

  #sayMedia(): void {
    const { call, microphone, camera } = this.view.get();
    if (call?.phase === "answered" && call.here) this.#world.send({ type: "call_media", call_id: call.id, microphone, camera });
  }

  // Devices, timers, the end.

  /** False if there is nothing to talk with, or the call was over before the user had answered the browser. */
  async #openMedia(kind: CallKind, attempt: number): Promise<boolean> {
    const before = this.view.get();
    try {
      const { cameraError } = await this.#media.open(kind, () => attempt === this.#attempt);
      if (attempt !== this.#attempt) return false;
      if (cameraError !== null) {
        this.#show({ mediaError: { code: cameraError.code, detail: cameraError.cause_name, camera: true } });
      }
    } catch (error) {
      if (attempt !== this.#attempt) return false;
      const { code, cause_name } = mediaError(error);
      // The callee may try again while it rings; a caller has nothing to wait for, but reads why.
      const ringing = before.call?.phase === "ringing" && before.call.callee_id === this.#world.me;
      this.#show({ stage: ringing ? "incoming" : "asking", mediaError: { code, detail: cause_name, camera: false } });
      return false;
    }
    return true;
  }

  #showMedia(): void {
    const { microphone, camera, localVideo } = this.#media;
    this.#show({ microphone, camera, localVideo });
    this.#sayMedia();
  }

  #show(change: Partial<CallView>): void {
    this.view.update((view) => ({ ...view, ...change }));
  }

  #peerOf(call: CallState): string {
    return call.caller_id === this.#world.me ? call.callee_id : call.caller_id;
  }

  #timer(name: TimerName, ms: number, then: () => void): void {
    this.#clear(name);
    this.#timers.set(name, setTimeout(then, ms));
  }

  #clear(...names: TimerName[]): void {
    for (const name of names) {
      clearTimeout(this.#timers.get(name));
      this.#timers.delete(name);
    }
  }

  #dropPeer(): void {
    clearInterval(this.#stats);
    this.#peer?.close();
    this.#peer = null;
  }

  /** Every ending comes through here. `null`: the user ended it and needs no notice. */
  #finish(why: Ending | null): void {
    this.#attempt += 1;
    this.#clear(...TIMERS);
    this.#dropPeer();
    this.#media.close();
    this.#clientKey = this.#heldAs = null;
    this.#resuming = false;
    this.#unsent = [];
    this.view.set({ ...IDLE, ending: why === null ? null : { why } });
  }
}
