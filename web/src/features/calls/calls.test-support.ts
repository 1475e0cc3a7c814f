/** A server, devices and peers that the tests of the calls play. */
import { expect, vi } from "vitest";
import type { CallRecording, CallState, ClientFrame, IceServer } from "../../api/types";
import { Calls } from "./calls";
import { DeviceChoices } from "./choices";
import { DeviceList } from "./deviceList";
import type { LocalTracks, PeerEvents, PeerLike } from "./peer";
import { IDLE, type CallView } from "./view";

export class FakeTrack {
  enabled = true;
  readyState = "live";
  contentHint = "";
  onended: (() => void) | null = null;
  constructor(
    readonly kind: string,
    readonly deviceId = "default",
  ) {}
  get label(): string {
    return `the ${this.deviceId}`;
  }
  getSettings = (): MediaTrackSettings => ({ deviceId: this.deviceId });
  stop(): void {
    this.readyState = "ended";
  }
  /** By itself: unplugged, or by the browser's own button. */
  end(): void {
    this.readyState = "ended";
    this.onended?.();
  }
}

export class FakeStream {
  constructor(readonly tracks: FakeTrack[] = []) {}
  getTracks = (): FakeTrack[] => this.tracks;
  getAudioTracks = (): FakeTrack[] => this.tracks.filter(({ kind }) => kind === "audio");
  getVideoTracks = (): FakeTrack[] => this.tracks.filter(({ kind }) => kind === "video");
}

/** What mixes the sound of a tab with the microphone. */
export class FakeContext {
  static made: FakeContext[] = [];
  closed = false;
  readonly mix = new FakeTrack("audio", "mix");
  /** What is heard in it. */
  readonly sources = new Set<FakeTrack>();
  constructor() {
    FakeContext.made.push(this);
  }
  createMediaStreamDestination = (): object => ({ stream: new FakeStream([this.mix]) });
  createMediaStreamSource = ({ tracks: [track] }: FakeStream): object => ({
    connect: () => this.sources.add(track!),
    disconnect: () => this.sources.delete(track!),
  });
  resume = async (): Promise<void> => undefined;
  async close(): Promise<void> {
    this.closed = true;
  }
}

/** Devices that can be plugged in and out. */
export class FakeSource {
  plugged: { kind: MediaDeviceKind; deviceId: string; label: string }[] = [];
  readonly listeners = new Set<EventListenerOrEventListenerObject>();
  enumerateDevices = async (): Promise<MediaDeviceInfo[]> => this.plugged as MediaDeviceInfo[];
  addEventListener = (_type: string, listener: EventListenerOrEventListenerObject): void => void this.listeners.add(listener);
  removeEventListener = (_type: string, listener: EventListenerOrEventListenerObject): void => void this.listeners.delete(listener);
  plug(kind: MediaDeviceKind, ...ids: string[]): void {
    this.plugged = ids.map((deviceId) => ({ kind, deviceId, label: `the ${deviceId}` }));
    for (const listener of this.listeners) if (typeof listener === "function") listener(new Event("devicechange"));
  }
}

export class FakePeer {
  closed = false;
  /** Packets come. */
  flowing = true;
  /** Pictures come as well; how many of them are decoded. */
  picture = false;
  frames = 0;
  /** Checks of the way that the other side answered. */
  answers = 0;
  packets = 0;
  sentPackets = 0;
  fractionLost = 0;
  sent: LocalTracks;
  readonly received: string[] = [];
  readonly connection = { getStats: async () => this.stats(), signalingState: "stable" } as unknown as { signalingState: string };
  restart = vi.fn();
  renew = vi.fn();
  remind = vi.fn();
  shape = vi.fn(async () => undefined);
  double = vi.fn();
  levels = vi.fn(async () => ({ me: 0, other: 0 }));
  constructor(
    readonly call: CallState,
    tracks: LocalTracks,
    readonly events: PeerEvents,
  ) {
    this.sent = tracks;
  }
  async use(tracks: LocalTracks): Promise<void> {
    this.sent = tracks;
  }
  receive({ type }: { type: string }): void {
    this.received.push(type);
  }
  close(): void {
    this.closed = true;
  }
  private stats(): Map<string, object> {
    if (this.flowing) this.packets += 50;
    const video = { id: "video", type: "inbound-rtp", kind: "video", packetsReceived: this.packets, framesDecoded: this.frames };
    return new Map<string, object>([
      ...(this.picture ? [["video", video] as const] : []),
      ["pair", { id: "pair", type: "candidate-pair", responsesReceived: this.answers }],
      ["in", { id: "in", type: "inbound-rtp", kind: "audio", packetsReceived: this.packets }],
      ["out", { id: "out", type: "outbound-rtp", kind: "audio", packetsSent: (this.sentPackets += 50) }],
      ["far", { id: "far", type: "remote-inbound-rtp", localId: "out", fractionLost: this.fractionLost }],
    ]);
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

/** A call that is to be recorded, and nobody has agreed yet. */
export const RECORDING: CallRecording = {
  state: "announced",
  rule: "All",
  mode: "always",
  notice: { version: 1, purpose_ru: "Зачем", purpose_en: "Why", recorded_by: "The firm", retention_days: 1_827, video: true },
  consented: false,
  waiting_for: [],
  can_start: false,
};

/** The participant of `me` is away. */
export function away(me: string): CallState["participants"] {
  return CALL.participants.map((one) => ({ ...one, connected: one.user_id !== me }));
}

export function setUp(me: "anna" | "boris", { granted = true } = {}) {
  const sent: ClientFrame[] = [];
  const tracks: FakeTrack[] = [];
  const peers: FakePeer[] = [];
  const source = new FakeSource();
  const world = { online: true };
  const make = (kind: string, asked: boolean | MediaTrackConstraints | undefined): FakeTrack[] => {
    if (asked === undefined || asked === false) return [];
    const { deviceId } = asked as { deviceId?: { ideal?: string; exact?: string } };
    const wished = deviceId?.exact ?? deviceId?.ideal;
    // A wish that cannot be met gives the default.
    return [new FakeTrack(kind, source.plugged.find(({ deviceId }) => deviceId === wished)?.deviceId)];
  };
  const capture = (...made: FakeTrack[]): MediaStream => {
    tracks.push(...made);
    return new FakeStream(made) as unknown as MediaStream;
  };
  const getUserMedia = vi.fn(async ({ audio, video }: MediaStreamConstraints) => capture(...make("audio", audio), ...make("video", video)));
  const getDisplayMedia = vi.fn(async () => capture(new FakeTrack("video", "screen")));
  const choices = new DeviceChoices();
  const doubtLine = vi.fn();
  const iceServers = vi.fn<(callId: string) => Promise<IceServer[]>>(async () => []);
  const calls = new Calls({
    me,
    send: (frame) => {
      if (world.online) sent.push(frame);
      return world.online;
    },
    doubtLine,
    devices: () => ({ getUserMedia, getDisplayMedia }),
    peer: (call, first, events) => {
      const peer = new FakePeer(call, first, events);
      peers.push(peer);
      return peer as unknown as PeerLike;
    },
    choices,
    list: new DeviceList(() => source),
    microphoneGranted: async () => granted,
    iceServers,
  });
  const hello = (device_id: string): void =>
    calls.receive({ type: "hello", user_id: me, device_id, last_event_id: 0, reset: false });
  hello("device-1");
  const key = (): string => sent.reduce((last, frame) => (frame.type === "call_start" ? frame.client_key : last), "");
  const tell = (change: Partial<CallState>): void =>
    calls.receive({ type: "call", call: { ...CALL, client_key: key(), ...change } });
  const answer = (change: Partial<CallState> = {}): void =>
    tell({ phase: "answered", here: true, path: "direct", answered_at: 1, negotiation: 1, ...change });
  const types = (): string[] => sent.map(({ type }) => type);
  const view = (): CallView => calls.view.get().current;
  const stage = (): string => view().stage;
  const live = (): number => tracks.filter(({ readyState }) => readyState === "live").length;
  return {
    calls, view, sent, tracks, peers, world, source, choices, getUserMedia, getDisplayMedia, doubtLine, iceServers,
    hello, tell, answer, types, stage, live, last: () => peers.at(-1)!,
  };
}

export type World = ReturnType<typeof setUp>;

/** A call that talks. */
export async function talking(me: "anna" | "boris" = "anna", state: Partial<CallState> = {}): Promise<World> {
  const world = setUp(me);
  if (me === "anna") {
    await world.calls.call("boris", state.kind ?? "video");
    world.tell(state);
  } else {
    world.tell(state);
    await world.calls.accept();
  }
  world.answer({ offerer: me === "anna", ...state });
  world.last().events.connection("connected");
  return world;
}

/** Promises that are settled without time passing. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

export function expectNothingOpen({ calls, peers, live, source }: World): void {
  expect(calls.view.get()).toMatchObject({ current: IDLE, waiting: null, held: null });
  expect(live()).toBe(0);
  expect(peers.every(({ closed }) => closed)).toBe(true);
  expect(calls.connection).toBeNull();
  expect(source.listeners.size).toBe(0);
  // The test's own storage tells of its changes a moment later.
  vi.advanceTimersByTime(0);
  expect(vi.getTimerCount()).toBe(0);
}
