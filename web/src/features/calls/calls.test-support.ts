/** A server, devices and peers that the tests of the calls play. */
import { expect, vi } from "vitest";
import type { CallState, ClientFrame } from "../../api/types";
import type { Peer, PeerEvents } from "./peer";
import { Calls } from "./calls";
import { DeviceChoices } from "./choices";
import { DeviceList } from "./deviceList";
import { IDLE, type CallView } from "./view";

class FakeTrack {
  enabled = true;
  readyState = "live";
  onended: (() => void) | null = null;
  constructor(readonly kind: string) {}
  stop(): void {
    this.readyState = "ended";
  }
}

export class FakeStream {
  constructor(readonly tracks: FakeTrack[] = []) {}
  getTracks = (): FakeTrack[] => this.tracks;
  getAudioTracks = (): FakeTrack[] => this.tracks.filter(({ kind }) => kind === "audio");
  getVideoTracks = (): FakeTrack[] => this.tracks.filter(({ kind }) => kind === "video");
}

class FakePeer {
  closed = false;
  readonly received: string[] = [];
  readonly connection = { getStats: async () => new Map() } as unknown as RTCPeerConnection;
  restart = vi.fn();
  use = vi.fn(async () => undefined);
  constructor(
    readonly call: CallState,
    readonly events: PeerEvents,
  ) {}
  receive({ type }: { type: string }): void {
    this.received.push(type);
  }
  close(): void {
    this.closed = true;
  }
}

export const CALL: CallState = {
  id: "call",
  client_key: "",
  conversation_id: "c",
  kind: "video",
  phase: "ringing",
  caller_id: "anna",
  callee_id: "boris",
  here: false,
  participants: [
    { user_id: "anna", microphone: true, camera: true, screen: false, on_hold: false, connected: true },
    { user_id: "boris", microphone: true, camera: true, screen: false, on_hold: false, connected: true },
  ],
  waiting: false,
  may_move: false,
  offerer: false,
  negotiation: 0,
  ice_servers: [],
  started_at: 0,
};

export function setUp(me: "anna" | "boris") {
  const sent: ClientFrame[] = [];
  const tracks: FakeTrack[] = [];
  const peers: FakePeer[] = [];
  const world = { online: true };
  const getUserMedia = vi.fn(async ({ audio, video }: MediaStreamConstraints) => {
    const made = [audio && new FakeTrack("audio"), video && new FakeTrack("video")].filter((track) => track instanceof FakeTrack);
    tracks.push(...made);
    return new FakeStream(made) as unknown as MediaStream;
  });
  const calls = new Calls({
    me,
    send: (frame) => {
      if (world.online) sent.push(frame);
      return world.online;
    },
    devices: () => ({ getUserMedia }),
    peer: (call, _tracks, events) => {
      const peer = new FakePeer(call, events);
      peers.push(peer);
      return peer as unknown as Peer;
    },
    choices: new DeviceChoices(),
    list: new DeviceList(() => undefined),
  });
  calls.receive({ type: "hello", user_id: me, device_id: "device-1", last_event_id: 0, reset: false });
  const key = (): string => sent.map((frame) => (frame.type === "call_start" ? frame.client_key : "")).join("");
  const tell = (change: Partial<CallState>): void =>
    calls.receive({ type: "call", call: { ...CALL, client_key: key(), ...change } });
  const answer = (change: Partial<CallState> = {}): void =>
    tell({ phase: "answered", here: true, path: "direct", answered_at: 1, negotiation: 1, ...change });
  const types = (): string[] => sent.map(({ type }) => type);
  const view = (): CallView => calls.view.get().current;
  const stage = (): string => view().stage;
  const live = (): number => tracks.filter(({ readyState }) => readyState === "live").length;
  return { calls, view, sent, tracks, peers, world, getUserMedia, tell, answer, types, stage, live, last: () => peers.at(-1)! };
}

export type World = ReturnType<typeof setUp>;

export function expectNothingOpen({ calls, peers, live }: World): void {
  expect(calls.view.get()).toMatchObject({ current: IDLE, waiting: null, held: null });
  expect(live()).toBe(0);
  expect(peers.every(({ closed }) => closed)).toBe(true);
  expect(calls.connection).toBeNull();
  expect(vi.getTimerCount()).toBe(0);
}
