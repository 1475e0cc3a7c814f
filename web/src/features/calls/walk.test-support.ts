/** A small server, colleagues with whims, and a page that is steered at random: for the walks of the calls. */
import { vi } from "vitest";
import type { CallPath, CallState, ClientFrame, IceServer, ServerFrame } from "../../api/types";
import { Calls } from "./calls";
import { DeviceChoices } from "./choices";
import { CALL, FakePeer, FakeSource, FakeStream, FakeTrack } from "./calls.test-support";
import { DeviceList } from "./deviceList";
import type { PeerLike } from "./peer";

export const ME = "anna";
export const OTHERS = ["boris", "clara"] as const;

export const TAB = "tab";

export type Random = (below: number) => number;

/** mulberry32: the same walk for the same seed. */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface ServerCall {
  state: CallState;
  /** The device of Anna that holds it. */
  device: string | null;
}

/** Follows the rules of docs/protocol.md as far as one user sees them. */
export class FakeServer {
  calls: ServerCall[] = [];
  device = "";
  online = true;
  #made = 0;
  constructor(readonly say: (frame: ServerFrame) => void) {}

  get live(): ServerCall[] {
    return this.calls.filter(({ state }) => state.phase !== "ended");
  }

  hello(): void {
    this.#made += 1;
    this.device = `device-${this.#made}`;
    this.online = true;
    this.say({ type: "hello", user_id: ME, device_id: this.device, last_event_id: 0, reset: false });
    for (const call of this.live) if (call.state.callee_id === ME || call.state.phase === "answered") this.tell(call);
  }

  /** The page's socket is gone. */
  lose(): void {
    this.online = false;
    for (const call of this.live) if (call.device === this.device) call.device = null;
  }

  tell(call: ServerCall): void {
    if (!this.online) return;
    const here = call.device === this.device;
    const participants = call.state.participants.map((one) => (one.user_id === ME ? { ...one, connected: call.device !== null } : one));
    // Credentials are minted anew each time.
    const ice_servers = call.state.path === "direct" ? [] : [{ urls: ["turn:host"], username: "u", credential: `${(this.#made += 1)}` }];
    this.say({ type: "call", call: { ...call.state, here, participants, ice_servers } });
  }

  /** Somebody calls Anna, as far as the rules let it ring. */
  ring(from: string): void {
    const [first, second] = this.live;
    if (second !== undefined || (first !== undefined && (first.state.phase !== "answered" || first.device !== this.device))) return;
    this.tell(this.#make(from, ME, `of ${from}`, first !== undefined));
  }

  #make(caller_id: string, callee_id: string, client_key: string, waiting: boolean): ServerCall {
    this.#made += 1;
    const participants = CALL.participants.map((one, i) => ({ ...one, user_id: i === 0 ? caller_id : callee_id }));
    const state: CallState = { ...CALL, id: `call-${this.#made}`, caller_id, callee_id, client_key, waiting, participants };
    const call = { state, device: caller_id === ME ? this.device : null };
    this.calls.push(call);
    return call;
  }

  answer(call: ServerCall, device: string | null, path: CallPath = "direct"): void {
    call.device = device;
    const answered = { phase: "answered", waiting: false, path, may_move: path === "direct", negotiation: 1, answered_at: 1 } as const;
    call.state = { ...call.state, ...answered };
    this.tell(call);
  }

  /** Make before break: a new negotiation on the other path. */
  move(call: ServerCall, path: CallPath): void {
    const { path: from } = call.state;
    if (call.state.phase === "answered" && from !== path) this.renegotiate(call, { path, moved_from: from ?? null, may_move: false });
  }

  end(call: ServerCall, outcome: NonNullable<CallState["outcome"]>): void {
    call.state = { ...call.state, phase: "ended", outcome, ended_at: 2 };
    this.tell(call);
  }

  change(call: ServerCall, change: Partial<CallState>): void {
    call.state = { ...call.state, ...change };
    this.tell(call);
  }

  renegotiate(call: ServerCall, change: Partial<CallState> = {}): void {
    this.change(call, { negotiation: call.state.negotiation + 1, ...change });
  }

  receive(frame: ClientFrame): boolean {
    if (!this.online) return false;
    if (frame.type === "call_start") {
      const again = this.calls.find(({ state }) => state.client_key === frame.client_key);
      if (again !== undefined) this.tell(again);
      else if (this.live.length >= 2) this.#refuse("already_in_call", null, frame.client_key);
      else this.tell(this.#make(ME, frame.callee_id, frame.client_key, false));
      return true;
    }
    if (!("call_id" in frame)) return true;
    const call = this.calls.find(({ state }) => state.id === frame.call_id);
    if (call === undefined) this.#refuse("no_such_call", frame.call_id, null);
    else this.#about(call, frame);
    return true;
  }

  #about(call: ServerCall, frame: ClientFrame & { call_id: string }): void {
    const { phase, callee_id, negotiation } = call.state;
    if (phase === "ended") {
      if (frame.type !== "call_signal" && frame.type !== "call_media") this.tell(call);
    } else if (frame.type === "call_decline") {
      if (phase === "ringing") this.end(call, "declined");
    } else if (frame.type === "call_hang_up") {
      this.end(call, phase === "answered" ? "completed" : "cancelled");
    } else if (frame.type === "call_accept") {
      if (phase === "ringing" && callee_id === ME) return this.answer(call, this.device);
      const anew = frame.anew === true || frame.previous_device_id == null;
      if (call.device !== null && call.device !== this.device && frame.anew !== true) return this.#refuse("answered_elsewhere", call.state.id, null);
      call.device = this.device;
      if (anew) this.renegotiate(call);
      else this.tell(call);
    } else if (frame.type === "call_media_failed") {
      if (call.state.may_move && frame.negotiation === negotiation) this.move(call, "relayed");
    } else if (frame.type === "call_leave") {
      call.device = null;
    }
  }

  #refuse(code: string, call_id: string | null, client_key: string | null): void {
    this.say({ type: "error", code, message: "", call_id, client_key });
  }
}

/** Anna's page, and what it holds open. */
export class WalkPage {
  readonly tracks: FakeTrack[] = [];
  readonly peers: FakePeer[] = [];
  readonly source = new FakeSource();
  readonly choices = new DeviceChoices();
  readonly server: FakeServer;
  /** Set while the user has asked for a call that is not over. */
  consent = false;
  /** Captures that nobody had asked for. */
  unasked = 0;
  calls: Calls;

  constructor(readonly random: Random) {
    this.server = new FakeServer((frame) => queueMicrotask(() => this.calls.receive(frame)));
    this.calls = this.#load();
  }

  #load(): Calls {
    return new Calls({
      me: ME,
      send: (frame) => this.server.receive(frame),
      doubtLine: () => undefined,
      devices: () => ({ getUserMedia: this.#capture, getDisplayMedia: this.#share }),
      peer: (call, first, events) => {
        const peer = new FakePeer(call, first, events);
        this.peers.push(peer);
        return peer as unknown as PeerLike;
      },
      choices: this.choices,
      list: new DeviceList(() => this.source),
      microphoneGranted: async () => true,
      iceServers: this.#servers,
    });
  }

  /** The page is loaded anew. */
  reload(): void {
    this.calls.leave();
    this.server.lose();
    this.calls = this.#load();
    this.server.hello();
  }

  /** At once, after a while, or not at all. */
  readonly #capture = async ({ audio, video }: MediaStreamConstraints): Promise<MediaStream> => {
    if (!this.consent) this.unasked += 1;
    if (this.random(3) === 0) await new Promise((resolve) => setTimeout(resolve, this.random(3_000)));
    if (this.random(12) === 0) throw new DOMException("", "NotReadableError");
    const made = [...(audio ? [new FakeTrack("audio")] : []), ...(video ? [new FakeTrack("video")] : [])];
    this.tracks.push(...made);
    return new FakeStream(made) as unknown as MediaStream;
  };

  /** Sometimes with the sound of the tab. */
  readonly #share = async (): Promise<MediaStream> => {
    const made = [new FakeTrack("video"), ...(this.random(2) === 0 ? [new FakeTrack("audio", TAB)] : [])];
    this.tracks.push(...made);
    return new FakeStream(made) as unknown as MediaStream;
  };

  /** At once, never, or not at all. */
  readonly #servers = async (): Promise<IceServer[]> => {
    if (this.random(3) === 0) throw new Error("unreachable");
    if (this.random(3) === 0) await new Promise(() => undefined);
    return [{ urls: ["turn:host"], credential: `${this.random(100)}` }];
  };

  live(kind?: string): FakeTrack[] {
    return this.tracks.filter((track) => track.readyState === "live" && (kind === undefined || track.kind === kind));
  }

  get open(): FakePeer[] {
    return this.peers.filter(({ closed }) => !closed);
  }
}

export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}
