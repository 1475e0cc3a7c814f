/** What the peer connection is told, and in which order; the media itself is tested in real browsers. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Signal } from "../../api/types";
import { Peer, type LocalTracks } from "./peer";

class FakeConnection {
  static made: FakeConnection[] = [];
  readonly log: string[] = [];
  localDescription: { sdp: string } | null = null;
  remoteDescription: object | null = null;
  signalingState = "stable";
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null;
  ontrack = null;
  onconnectionstatechange = null;
  readonly transceivers: { direction: string; receiver: object; sender: object; setCodecPreferences: () => void }[] = [];

  constructor() {
    FakeConnection.made.push(this);
  }
  addTransceiver(kind: string, { direction }: { direction: string }): object {
    const sender = {
      track: null as object | null,
      replaceTrack: async (track: object | null) => {
        sender.track = track;
        this.log.push(`${kind} ${track === null ? "none" : "track"}`);
      },
    };
    const transceiver = { direction, receiver: { track: { kind } }, sender, setCodecPreferences: () => undefined };
    this.transceivers.push(transceiver);
    return transceiver;
  }
  getTransceivers = (): object[] => this.transceivers;
  createOffer = async (options: RTCOfferOptions): Promise<object> => ({ type: "offer", sdp: options.iceRestart ? "restart" : "offer" });
  createAnswer = async (): Promise<object> => ({ type: "answer", sdp: "answer" });
  async setLocalDescription(description: { sdp: string }): Promise<void> {
    this.log.push(`local ${description.sdp}`);
    this.localDescription = description;
  }
  async setRemoteDescription(description: { type: string }): Promise<void> {
    this.log.push(`remote ${description.type}`);
    this.remoteDescription = description;
    if (description.type === "offer" && this.transceivers.length === 0) {
      for (const kind of ["audio", "video"]) this.addTransceiver(kind, { direction: "recvonly" });
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

const TRACKS = { microphone: {}, camera: {} } as unknown as LocalTracks;

function setUp(offerer: boolean, tracks = TRACKS) {
  const said: string[] = [];
  const failed = vi.fn();
  const peer = new Peer({ offerer, ice_servers: [] }, tracks, {
    signal: (signal: Signal) => said.push(signal.type === "candidate" ? signal.candidate : `${signal.type} ${signal.sdp}`),
    remote: () => undefined,
    connection: () => undefined,
    failed,
  });
  const connection = FakeConnection.made.at(-1)!;
  return { peer, connection, said, failed };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const candidate = (name: string): Signal => ({ type: "candidate", candidate: name });

beforeEach(() => {
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: () => null });
  vi.stubGlobal("MediaStream", class { getTracks = () => []; });
});
afterEach(() => vi.unstubAllGlobals());

test("the offerer offers both m-lines two-way, with its tracks on them, and takes the answer", async () => {
  const { peer, connection, said } = setUp(true);
  await settle();
  expect(connection.transceivers.map(({ direction }) => direction)).toEqual(["sendrecv", "sendrecv"]);
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
  expect(connection.transceivers.map(({ direction }) => direction)).toEqual(["sendrecv", "sendrecv"]);
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

test("only the offerer restarts ICE", async () => {
  const offerer = setUp(true);
  const other = setUp(false);
  await settle();
  offerer.peer.restart();
  other.peer.restart();
  await settle();
  expect(offerer.said.at(-1)).toBe("offer restart");
  expect(other.said).toEqual([]);
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
