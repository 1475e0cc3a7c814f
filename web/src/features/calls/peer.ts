/**
 * One `RTCPeerConnection` of a call. All m-lines (sound, camera, screen) are there from the beginning, sendrecv, so that a
 * camera can come and go without a new offer. The offerer makes the first offer; either side may offer anew, to restart ICE or to send its
 * sound twice, and of two offers that meet the offerer's holds.
 */
import type { CallState, IceServer, Signal } from "../../api/types";
import type { PictureLimit } from "./degrade";
import { shapeSender } from "./encodings";

export interface PeerEvents {
  signal(signal: Signal): void;
  /** A track of the other side began. New stream objects each time, so that the screen notices. */
  remote(streams: RemoteStreams): void;
  connection(state: RTCPeerConnectionState): void;
  /** None of the relay servers that are asked over TCP could be reached: the network may not be up yet, its names may not be known. */
  unreached(): void;
  /** Setting up failed for good. */
  failed(error: unknown): void;
}

/** What is sent; null sends nothing. */
export interface LocalTracks {
  microphone: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
  screen: MediaStreamTrack | null;
}

export interface RemoteStreams {
  /** Sound and camera. */
  person: MediaStream | null;
  screen: MediaStream | null;
}

/** In the order of the m-lines, which the media node keeps: it pairs the n-th picture of one side with the n-th of the other. */
const LINES = ["microphone", "camera", "screen"] as const;

/** What the rest of the call knows of a peer; a test gives its own. */
export type PeerLike = Pick<Peer, keyof Peer>;

export class Peer {
  readonly connection: RTCPeerConnection;
  readonly #events: PeerEvents;
  readonly #offerer: boolean;
  readonly #configuration: RTCConfiguration;
  readonly #remote = new Map<(typeof LINES)[number], MediaStreamTrack>();
  #tracks: LocalTracks;
  /** Signals are handled one after another, whatever order their promises would settle in. */
  #work: Promise<void> = Promise.resolve();
  /** Candidates that came before the description they belong to. */
  #early: RTCIceCandidateInit[] = [];
  readonly #unreached = new Set<string>();
  #hasRelay = false;
  /** To be done once the other side has answered. */
  #restartLater = false;
  #closed = false;
  #limit: PictureLimit | undefined;

  constructor(call: Pick<CallState, "ice_servers" | "offerer" | "path">, tracks: LocalTracks, events: PeerEvents) {
    this.#events = events;
    this.#offerer = call.offerer;
    this.#tracks = tracks;
    // On a relayed path no address of one's own is looked for, so that none can be told.
    this.#configuration = { iceTransportPolicy: call.path === "relayed" ? "relay" : "all", bundlePolicy: "max-bundle" };
    this.connection = new RTCPeerConnection({ ...this.#configuration, iceServers: toServers(call.ice_servers) });
    this.connection.onicecandidate = ({ candidate }) => this.#found(candidate);
    this.connection.onicecandidateerror = ({ url }) => this.#missed(url, call.ice_servers);
    this.connection.ontrack = ({ track, transceiver }) => this.#hear(track, transceiver);
    this.connection.onconnectionstatechange = () => events.connection(this.connection.connectionState);
    if (this.#offerer) {
      for (const line of LINES) {
        const kind = line === "microphone" ? "audio" : "video";
        const transceiver = this.connection.addTransceiver(kind, { direction: "sendrecv" });
        if (kind === "video") preferVp8(transceiver);
      }
      this.#do(() => this.#offer());
    }
  }

  /** A signal from the other side. */
  receive(signal: Signal): void {
    this.#do(() => this.#handle(signal));
  }

  /** Sends other tracks, without a new offer. */
  async use(tracks: LocalTracks): Promise<void> {
    this.#tracks = tracks;
    await Promise.all(
      this.#lines().map(async ([line, { sender }]) => {
        if (sender.track !== this.#tracks[line]) await sender.replaceTrack(this.#tracks[line]);
      }),
    );
  }

  /** Says how much of the line the pictures may take; sound comes first in any case. */
  async shape(limit: PictureLimit): Promise<void> {
    this.#limit = limit;
    if (this.#closed) return;
    await Promise.all(this.#lines().map(([line, { sender }]) => shapeSender(line, sender, limit)));
  }

  /** Lets each packet of the own sound bring the one before it along, or not. The other side's does the same, where its browser can. */
  double(on: boolean): void {
    this.#do(async () => {
      const sound = this.#lines().find(([line]) => line === "microphone")?.[1];
      if (sound === undefined || !prefer(sound, "audio", on ? "audio/red" : "audio/opus")) return;
      // Where another offer is on its way, the next description says it.
      if (this.connection.signalingState === "stable") await this.#offer();
    });
  }

  /** How loud both sides are, from 0 to 1. */
  async levels(): Promise<{ me: number; other: number }> {
    const sound = this.#lines().find(([line]) => line === "microphone")?.[1];
    if (sound === undefined || this.#closed) return { me: 0, other: 0 };
    const [mine, others] = await Promise.all([sound.sender.getStats(), sound.receiver.getStats()]);
    return { me: levelIn(mine, "media-source"), other: levelIn(others, "inbound-rtp") };
  }

  /** Uses other servers, or the same with fresh credentials, from the next restart on; what flows is left alone. */
  renew(servers: IceServer[]): void {
    try {
      if (!this.#closed) this.connection.setConfiguration({ ...this.#configuration, iceServers: toServers(servers) });
    } catch {
      // A browser that does not take them goes on with those it has.
    }
  }

  /** Looks for new ways to the other side. */
  restart(): void {
    this.#do(async () => {
      const { signalingState, remoteDescription } = this.connection;
      // Before the first answer there is nothing to restart.
      this.#restartLater = remoteDescription === null;
      if (this.#restartLater) return;
      if (signalingState === "stable") await this.#offer({ iceRestart: true });
      // The last offer, or its answer, was lost with a socket that was dead already.
      else if (signalingState === "have-local-offer") this.#sayOffer();
    });
  }

  /** Says the first offer again, with all addresses found since, if nobody has answered: it may have gone to a socket that was dead. */
  remind(): void {
    this.#do(async () => {
      const { signalingState, remoteDescription } = this.connection;
      if (remoteDescription === null && signalingState === "have-local-offer") this.#sayOffer();
    });
  }

  close(): void {
    this.#closed = true;
    const { connection } = this;
    connection.onicecandidate = connection.onicecandidateerror = connection.ontrack = connection.onconnectionstatechange = null;
    for (const track of this.#remote.values()) track.stop();
    this.#remote.clear();
    connection.close();
  }

  #do(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#closed ? undefined : step()))
      .catch((error: unknown) => {
        if (!this.#closed) this.#events.failed(error);
      });
  }

  async #offer(options: RTCOfferOptions = {}): Promise<void> {
    this.#unreached.clear();
    await this.#attach();
    await this.connection.setLocalDescription(await this.connection.createOffer(options));
    this.#sayOffer();
  }

  #sayOffer(): void {
    this.#events.signal({ type: "offer", sdp: this.connection.localDescription?.sdp ?? "" });
  }

  async #handle(signal: Signal): Promise<void> {
    switch (signal.type) {
      case "offer":
        // The other one would not offer if it had got ours.
        if (this.#offerer && this.connection.signalingState !== "stable") return this.#sayOffer();
        // The other one's own offer, if it has made one, is taken back by this.
        await this.connection.setRemoteDescription(signal);
        await this.#attach();
        this.#unreached.clear();
        await this.connection.setLocalDescription(await this.connection.createAnswer());
        this.#events.signal({ type: "answer", sdp: this.connection.localDescription?.sdp ?? "" });
        return this.#described();
      case "answer":
        // To an offer that was taken back.
        if (this.connection.signalingState !== "have-local-offer") return;
        await this.connection.setRemoteDescription(signal);
        if (this.#restartLater) this.restart();
        return this.#described();
      case "candidate":
        return this.#take(toInit(signal));
    }
  }

  /** Puts the local tracks on the transceivers and makes them two-way: those made by an offer are receive-only. */
  async #attach(): Promise<void> {
    for (const [line, transceiver] of this.#lines()) {
      if (transceiver.direction !== "sendrecv") {
        transceiver.direction = "sendrecv";
        if (line !== "microphone") preferVp8(transceiver);
      }
      if (transceiver.sender.track !== this.#tracks[line]) await transceiver.sender.replaceTrack(this.#tracks[line]);
    }
  }

  /** The transceivers by what they carry: the first sound, the first picture, the second. */
  #lines(): [(typeof LINES)[number], RTCRtpTransceiver][] {
    const all = this.connection.getTransceivers();
    const pictures = all.filter(({ receiver }) => receiver.track.kind === "video");
    const found = { microphone: all.find((one) => !pictures.includes(one)), camera: pictures[0], screen: pictures[1] };
    return LINES.flatMap((line) => (found[line] === undefined ? [] : [[line, found[line]]]));
  }

  async #take(candidate: RTCIceCandidateInit): Promise<void> {
    if (this.connection.remoteDescription === null) {
      this.#early.push(candidate);
      return;
    }
    try {
      await this.connection.addIceCandidate(candidate);
    } catch {
      // One candidate that cannot be used (another address family, an old generation) does not break the others.
    }
  }

  /** Both sides have said what they want. */
  async #described(): Promise<void> {
    await this.#drainEarly();
    // What the sound may take depends on how it goes out.
    if (this.#limit !== undefined) await this.shape(this.#limit);
  }

  async #drainEarly(): Promise<void> {
    for (const candidate of this.#early.splice(0)) await this.#take(candidate);
  }

  #found(candidate: RTCIceCandidate | null): void {
    if (candidate === null) return;
    this.#hasRelay ||= candidate.type === "relay";
    this.#events.signal({
      type: "candidate",
      candidate: candidate.candidate,
      sdp_mid: candidate.sdpMid,
      sdp_m_line_index: candidate.sdpMLineIndex,
      username_fragment: candidate.usernameFragment,
    });
  }

  /** A browser asks a server once for each description. One that is asked by UDP says nothing for long where UDP is blocked. */
  #missed(url: string, servers: readonly IceServer[]): void {
    const overTcp = servers.flatMap(({ urls }) => urls).filter((one) => one.startsWith("turn") && one.endsWith("transport=tcp"));
    this.#unreached.add(url);
    if (!this.#hasRelay && overTcp.length > 0 && overTcp.every((one) => this.#unreached.has(one))) this.#events.unreached();
  }

  #hear(track: MediaStreamTrack, transceiver: RTCRtpTransceiver): void {
    const line = this.#lines().find(([, one]) => one === transceiver)?.[0];
    if (line === undefined) return;
    this.#remote.set(line, track);
    this.#events.remote({ person: this.#streamOf("microphone", "camera"), screen: this.#streamOf("screen") });
  }

  #streamOf(...lines: (typeof LINES)[number][]): MediaStream | null {
    const tracks = lines.map((line) => this.#remote.get(line)).filter((track) => track !== undefined);
    return tracks.length === 0 ? null : new MediaStream(tracks);
  }
}

export function toServers(servers: readonly IceServer[]): RTCIceServer[] {
  return servers.map(({ urls, username, credential }) => (credential == null ? { urls } : { urls, username: username ?? "", credential }));
}

function toInit(signal: Extract<Signal, { type: "candidate" }>): RTCIceCandidateInit {
  return {
    candidate: signal.candidate,
    sdpMid: signal.sdp_mid ?? null,
    sdpMLineIndex: signal.sdp_m_line_index ?? null,
    usernameFragment: signal.username_fragment ?? null,
  };
}

function levelIn(report: RTCStatsReport, type: string): number {
  for (const entry of report.values() as Iterable<{ type: string; audioLevel?: number }>) {
    if (entry.type === type && entry.audioLevel !== undefined) return entry.audioLevel;
  }
  return 0;
}

/** VP8 first: the one codec that every browser encodes and that the media node records. */
function preferVp8(transceiver: RTCRtpTransceiver): void {
  prefer(transceiver, "video", "video/vp8");
}

/** Puts this codec first, if the browser has it. */
function prefer(transceiver: RTCRtpTransceiver, kind: "audio" | "video", first: string): boolean {
  const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const isFirst = ({ mimeType }: { mimeType: string }): boolean => mimeType.toLowerCase() === first;
  if (!codecs.some(isFirst)) return false;
  transceiver.setCodecPreferences([...codecs.filter(isFirst), ...codecs.filter((codec) => !isFirst(codec))]);
  return true;
}
