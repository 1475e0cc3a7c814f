/** A call of the page to itself through the media node: what its own microphone and camera give comes back over the network. */
import type { CallState, IceServer, LoopbackEnd, Signal } from "../../../api/types";
import type { LocalTracks, PeerEvents, PeerLike, RemoteStreams } from "../peer";
import { lossBetween } from "../quality";
import { takeSample, type Entry, type Sample } from "../sample";

export interface LoopbackWorld {
  peer(call: Pick<CallState, "ice_servers" | "offerer" | "path">, tracks: LocalTracks, events: PeerEvents): PeerLike;
  /** The media node's answer to an offer. */
  offer(end: LoopbackEnd, sdp: string): Promise<string>;
}

export const CONNECT_MS = 10_000;
/** How long what comes back is looked at. */
export const LISTEN_MS = 4_000;

const NOTHING: LocalTracks = { microphone: null, camera: null, screen: null };

export interface End {
  peer: PeerLike;
  /** Milliseconds until it was connected; rejects if it never is. Null: the node names no address that may be used. */
  connected: Promise<number | null>;
}

export interface EndOptions {
  servers: IceServer[];
  tracks?: LocalTracks;
  /** What it may take to connect. */
  withinMs?: number;
  /** Changes the node's answer; null if nothing of use is left in it. */
  answer?(sdp: string): string | null;
  remote?(streams: RemoteStreams): void;
}

/** Connects one end with the media node. */
export function joinNode(world: LoopbackWorld, end: LoopbackEnd, { servers, tracks = NOTHING, withinMs = CONNECT_MS, answer, remote }: EndOptions): End {
  const since = performance.now();
  let settle: { resolve(ms: number | null): void; reject(error: unknown): void };
  const connected = new Promise<number | null>((resolve, reject) => (settle = { resolve, reject }));
  const timer = setTimeout(() => settle.reject(new Error("not connected in time")), withinMs);
  void connected.catch(() => undefined).then(() => clearTimeout(timer));
  const take = (sdp: string): void => {
    const used = answer === undefined ? sdp : answer(sdp);
    if (used === null) settle.resolve(null);
    else peer.receive({ type: "answer", sdp: used });
  };
  const peer = world.peer({ ice_servers: servers, offerer: true, path: "media_node" }, tracks, {
    // The node finds the page's addresses by what comes from them.
    signal: (signal: Signal) => {
      if (signal.type === "offer") world.offer(end, signal.sdp).then(take, (error: unknown) => settle.reject(error));
    },
    remote: (streams) => remote?.(streams),
    connection: (state) => {
      if (state === "connected") settle.resolve(performance.now() - since);
      if (state === "failed") settle.reject(new Error("failed"));
    },
    unreached: () => undefined,
    failed: (error) => settle.reject(error),
  });
  return { peer, connected };
}

/** The answer with addresses over one protocol alone; null if there is none. */
export function only(protocol: "udp" | "tcp", sdp: string): string | null {
  const lines = sdp.split(/\r?\n/u);
  const protocolOf = (line: string): string | undefined => /^a=candidate:\S+ \d+ (\w+) /u.exec(line)?.[1]?.toLowerCase();
  const isWanted = (line: string): boolean => protocolOf(line) === protocol;
  return lines.some(isWanted) ? lines.filter((line) => protocolOf(line) === undefined || isWanted(line)).join("\r\n") : null;
}

/** What came back. */
export interface Returned {
  soundPackets: number;
  frames: number;
  roundTripMs: number | null;
  lossPercent: number | null;
}

export async function sampleOf(peer: PeerLike): Promise<Sample> {
  return takeSample((await peer.connection.getStats()).values() as Iterable<Entry>);
}

export async function whatReturned(sender: PeerLike, receiver: PeerLike): Promise<Returned> {
  const [sent, got] = await Promise.all([sampleOf(sender), sampleOf(receiver)]);
  return {
    soundPackets: got.inbound.sound?.packets ?? 0,
    frames: got.inbound.picture?.frames ?? 0,
    roundTripMs: sent.roundTripMs ?? got.roundTripMs,
    lossPercent: lossBetween(got, null),
  };
}
