/** What the peer connection is told, and in which order; the media itself is tested in real browsers. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { IceServer, Signal } from "../../api/types";
import { Peer, type LocalTracks, type RemoteStreams } from "./peer";

type Codec = { mimeType: string };

class FakeConnection {
  static made: FakeConnection[] = [];
  readonly log: string[] = [];
  localDescription: { sdp: string } | null = null;
  remoteDescription: object | null = null;
  signalingState = "stable";
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null;
  ontrack: ((event: object) => void) | null = null;
  onconnectionstatechange = null;
  onicecandidateerror: ((event: { url: string }) => void) | null = null;
  readonly transceivers: { direction: string; receiver: { track: { kind: string } }; sender: object; setCodecPreferences: (codecs: Codec[]) => void }[] = [];

  constructor(public configuration: RTCConfiguration) {
    FakeConnection.made.push(this);
  }
  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
    this.log.push("configured");
  }
  addTransceiver(kind: string, { direction }: { direction: string }): object {
    const sender = {
      track: null as object | null,
      getParameters: () => ({ encodings: [{ active: true }], codecs: [] }),
      setParameters: async () => void this.log.push(`${kind} shaped`),
      replaceTrack: async (track: object | null) => {
        sender.track = track;
        this.log.push(`${kind} ${track === null ? "none" : "track"}`);
      },
    };
    const setCodecPreferences = (codecs: Codec[]): void => void this.log.push(codecs.map(({ mimeType }) => mimeType).join(" "));
    const transceiver = { direction, receiver: { track: { kind } }, sender, setCodecPreferences };
    this.transceivers.push(transceiver);
    return transceiver;
  }
  getTransceivers = (): object[] => this.transceivers;
  createOffer = async (options: RTCOfferOptions): Promise<object> => ({ type: "offer", sdp: options.iceRestart ? "restart" : "offer" });
  createAnswer = async (): Promise<object> => ({ type: "answer", sdp: "answer" });
  async setLocalDescription(description: { type: string; sdp: string }): Promise<void> {
    this.log.push(`local ${description.sdp}`);
    this.localDescription = description;
    this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
  }
  async setRemoteDescription(description: { type: string }): Promise<void> {
    this.log.push(`remote ${description.type}`);
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
    if (description.type === "offer" && this.transceivers.length === 0) {
      for (const kind of ["audio", "video", "video"]) this.addTransceiver(kind, { direction: "recvonly" });
    }
  }
  async addIceCandidate({ candidate }: { candidate: string }): Promise<void> {
    if (candidate === "bad") throw new Error("unusable");
    this.log.push(`candidate ${candidate}`);
  }
  close(): void {
    this.log.push("close");
  }
}

const TRACKS = { microphone: {}, camera: {}, screen: null } as unknown as LocalTracks;

function setUp(offerer: boolean, tracks = TRACKS, ice_servers: IceServer[] = []) {
  const said: string[] = [];
  const [failed, unreached] = [vi.fn(), vi.fn()];
  const streams: RemoteStreams[] = [];
  const peer = new Peer({ offerer, ice_servers, path: "direct" }, tracks, {
    signal: (signal: Signal) => said.push(signal.type === "candidate" ? signal.candidate : `${signal.type} ${signal.sdp}`),
    remote: (now) => streams.push(now),
    connection: () => undefined,
    unreached,
    failed,
  });
  const connection = FakeConnection.made.at(-1)!;
  return { peer, connection, said, failed, unreached, streams };
}

const [OPUS, RED, G722] = ["audio/opus", "audio/red", "audio/G722"].map((mimeType) => ({ mimeType }));
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const candidate = (name: string): Signal => ({ type: "candidate", candidate: name });

beforeEach(() => {
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: () => null });
  vi.stubGlobal(
    "MediaStream",
    class {
      constructor(readonly tracks: object[]) {}
      getTracks = () => this.tracks;
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

test("the offerer offers all three m-lines two-way, with its tracks on them, and takes the answer", async () => {
  const { peer, connection, said } = setUp(true);
  await settle();
  expect(connection.transceivers.map(({ direction }) => direction)).toEqual(["sendrecv", "sendrecv", "sendrecv"]);
  expect(connection.log).toEqual(["audio track", "video track", "local offer"]);
  peer.receive({ type: "answer", sdp: "x" });
  await settle();
  expect(connection.log.at(-1)).toBe("remote answer");
  expect(said).toEqual(["offer offer"]);
});

test("the other answers two-way: what an offer makes is receive-only at first", async () => {
  const { peer, connection, said } = setUp(false, { ...TRACKS, camera: null });
  expect(said).toEqual([]);
  peer.receive({ type: "offer", sdp: "x" });
  await settle();
  expect(connection.transceivers.map(({ direction }) => direction)).toEqual(["sendrecv", "sendrecv", "sendrecv"]);
  expect(connection.log).toEqual(["remote offer", "audio track", "local answer"]);
  expect(said).toEqual(["answer answer"]);
});

test("candidates that come before the description wait for it, one that is unusable harms none", async () => {
  const { peer, connection, failed } = setUp(false);
  for (const name of ["1", "bad", "2"]) peer.receive(candidate(name));
  peer.receive({ type: "offer", sdp: "x" });
  peer.receive(candidate("3"));
  await settle();
  expect(connection.log.filter((line) => line.startsWith("candidate"))).toEqual(["candidate 1", "candidate 2", "candidate 3"]);
  expect(connection.log.indexOf("candidate 1")).toBeGreaterThan(connection.log.indexOf("remote offer"));
  expect(failed).not.toHaveBeenCalled();
});

test("sound goes out twice, or once again, by an offer that says so", async () => {
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: (kind: string) => ({ codecs: kind === "audio" ? [OPUS, RED, G722] : [] }) });
  const { peer, connection, said, failed } = setUp(true);
  peer.double(true);
  await settle();
  expect(connection.log.slice(-2)).toEqual(["local offer", "audio/red audio/opus audio/G722"]);
  expect(said).toEqual(["offer offer"]);
  peer.receive({ type: "answer", sdp: "x" });
  peer.double(false);
  await settle();
  expect(connection.log.slice(-3)).toEqual(["remote answer", "audio/opus audio/red audio/G722", "local offer"]);
  expect(said).toEqual(["offer offer", "offer offer"]);
  expect(failed).not.toHaveBeenCalled();
});

test("what the sound may take is said anew with each description, once a line is looked at", async () => {
  const { peer, connection } = setUp(true);
  peer.receive({ type: "answer", sdp: "x" });
  await settle();
  expect(connection.log).not.toContain("audio shaped");
  await peer.shape("none");
  const before = connection.log.length;
  peer.receive({ type: "offer", sdp: "x" });
  await settle();
  expect(connection.log.slice(before)).toEqual(["remote offer", "local answer", "audio shaped"]);
});

test("a browser that cannot send sound twice says nothing", async () => {
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: (kind: string) => ({ codecs: kind === "audio" ? [OPUS, G722] : [] }) });
  const { peer, connection, said } = setUp(false);
  peer.receive({ type: "offer", sdp: "x" });
  peer.double(true);
  await settle();
  expect(connection.log.at(-1)).toBe("local answer");
  expect(said).toEqual(["answer answer"]);
});

test("either side restarts ICE, once they have met", async () => {
  const offerer = setUp(true);
  const other = setUp(false);
  other.peer.restart();
  offerer.peer.restart();
  await settle();
  expect(offerer.said).toEqual(["offer offer"]);
  expect(other.said).toEqual([]);
  offerer.peer.receive({ type: "answer", sdp: "x" });
  other.peer.receive({ type: "offer", sdp: "x" });
  offerer.peer.restart();
  other.peer.restart();
  await settle();
  expect(offerer.said.at(-1)).toBe("offer restart");
  expect(other.said.at(-1)).toBe("offer restart");
});

test("an offer that was lost is said again, as it was, when it is asked for or the other one offers in vain", async () => {
  const { peer, connection, said } = setUp(true);
  await settle();
  peer.receive({ type: "answer", sdp: "x" });
  peer.restart();
  await settle();
  peer.restart();
  await settle();
  peer.receive({ type: "offer", sdp: "their restart" });
  await settle();
  expect(said).toEqual(["offer offer", "offer restart", "offer restart", "offer restart"]);
  expect(connection.log.filter((line) => line === "local restart")).toHaveLength(1);
  expect(connection.log.at(-1)).toBe("local restart");
});

test("of two restarts that meet the offerer's holds", async () => {
  const offerer = setUp(true);
  const other = setUp(false);
  offerer.peer.receive({ type: "answer", sdp: "x" });
  other.peer.receive({ type: "offer", sdp: "x" });
  for (const { peer } of [offerer, other]) peer.restart();
  await settle();
  for (const { peer } of [offerer, other]) peer.receive({ type: "offer", sdp: "restart" });
  await settle();
  expect(offerer.connection.log.at(-1)).toBe("local restart");
  expect(other.said.at(-1)).toBe("answer answer");
  // An answer to what was taken back is none.
  other.peer.receive({ type: "answer", sdp: "late" });
  await settle();
  expect(other.connection.log.at(-1)).toBe("local answer");
  expect(other.failed).not.toHaveBeenCalled();
});

test("other tracks are sent without a new offer: the second picture is the screen", async () => {
  const { peer, connection, said } = setUp(true);
  await settle();
  connection.log.length = 0;
  await peer.use({ ...TRACKS, microphone: null, screen: {} as MediaStreamTrack });
  expect(connection.log).toEqual(["audio none", "video track"]);
  expect(connection.transceivers[2]!.sender).toMatchObject({ track: {} });
  expect(said).toEqual(["offer offer"]);
});

test("the other side's person and screen are two streams", async () => {
  const { peer, connection, streams } = setUp(false);
  peer.receive({ type: "offer", sdp: "x" });
  await settle();
  for (const transceiver of connection.transceivers) connection.ontrack?.({ track: { ...transceiver.receiver.track, stop: () => undefined }, transceiver });
  expect(streams.at(-1)?.person?.getTracks().map(({ kind }) => kind)).toEqual(["audio", "video"]);
  expect(streams.at(-1)?.screen?.getTracks().length).toBe(1);
  peer.close();
});

test("after close nothing is done or reported any more", async () => {
  const { peer, connection, said, failed } = setUp(false);
  peer.receive({ type: "offer", sdp: "x" });
  peer.close();
  await settle();
  expect(connection.log).toEqual(["close"]);
  expect(said).toEqual([]);
  expect(failed).not.toHaveBeenCalled();
});

test("a description that cannot be used is reported", async () => {
  const { peer, connection, failed } = setUp(false);
  connection.setRemoteDescription = () => Promise.reject(new Error("bad sdp"));
  peer.receive({ type: "offer", sdp: "x" });
  await settle();
  expect(failed).toHaveBeenCalledOnce();
});

const TURN = { urls: ["turn:host:443?transport=udp"], username: "u", credential: "c" };

test.each([
  ["direct", "all"],
  ["relayed", "relay"],
  ["media_node", "all"],
] as const)("on the path %s candidates are looked for: %s", (path, policy) => {
  const events = { signal: () => undefined, remote: () => undefined, connection: () => undefined, unreached: () => undefined, failed: () => undefined };
  const peer = new Peer({ offerer: false, ice_servers: [TURN], path }, TRACKS, events);
  const connection = FakeConnection.made.at(-1)!;
  expect(connection.configuration).toEqual({ iceTransportPolicy: policy, bundlePolicy: "max-bundle", iceServers: [TURN] });
  const fresh = { ...TURN, credential: "d" };
  peer.renew([fresh]);
  expect(connection.configuration).toEqual({ iceTransportPolicy: policy, bundlePolicy: "max-bundle", iceServers: [fresh] });
  peer.close();
  peer.renew([TURN]);
  expect(connection.configuration.iceServers).toEqual([fresh]);
});

test("the first offer is said again while nobody answers, and never after", async () => {
  const { peer, connection, said } = setUp(true);
  await settle();
  peer.remind();
  await settle();
  expect(said).toEqual(["offer offer", "offer offer"]);
  peer.receive({ type: "answer", sdp: "" });
  await settle();
  peer.remind();
  peer.restart();
  await settle();
  peer.remind();
  await settle();
  expect(said).toEqual(["offer offer", "offer offer", "offer restart"]);
  expect(connection.signalingState).toBe("have-local-offer");
});

const RELAYS = [{ urls: ["turn:a?transport=udp", "turn:a?transport=tcp", "turns:a?transport=tcp"], username: "u", credential: "c" }];

test("relays count as unreached once all that are asked over TCP are, unless one has answered", async () => {
  const { connection, unreached } = setUp(true, TRACKS, RELAYS);
  await settle();
  connection.onicecandidateerror?.({ url: "turn:a?transport=tcp" });
  expect(unreached).not.toHaveBeenCalled();
  connection.onicecandidateerror?.({ url: "turns:a?transport=tcp" });
  expect(unreached).toHaveBeenCalledOnce();
  const other = setUp(true, TRACKS, RELAYS);
  await settle();
  other.connection.onicecandidate?.({ candidate: { candidate: "1", type: "relay" } });
  for (const url of RELAYS[0]!.urls) other.connection.onicecandidateerror?.({ url });
  expect(other.unreached).not.toHaveBeenCalled();
});

test("each description asks the relays anew", async () => {
  const { peer, connection, unreached } = setUp(false, TRACKS, RELAYS);
  for (const times of [1, 2]) {
    peer.receive({ type: "offer", sdp: "x" });
    await settle();
    connection.onicecandidateerror?.({ url: "turn:a?transport=tcp" });
    expect(unreached).toHaveBeenCalledTimes(times - 1);
    connection.onicecandidateerror?.({ url: "turns:a?transport=tcp" });
    expect(unreached).toHaveBeenCalledTimes(times);
  }
});

test("a restart that is wanted before the first answer is made after it, once", async () => {
  const { peer, said } = setUp(true);
  await settle();
  peer.restart();
  await settle();
  expect(said).toEqual(["offer offer"]);
  for (let answers = 0; answers < 2; answers += 1) {
    peer.receive({ type: "answer", sdp: "x" });
    await settle();
  }
  expect(said).toEqual(["offer offer", "offer restart"]);
});
