/**
 * One `RTCPeerConnection` of a call. Both m-lines (sound, picture) are there from the beginning, sendrecv, so that a camera
 * can come and go without a new offer. Only the offerer ever offers; so there is no collision to settle.
 */
import type { CallState, Signal } from "../../api/types";

export interface PeerEvents {
  signal(signal: Signal): void;
  /** A track of the other side began, or one ended. */
  remote(stream: MediaStream): void;
  connection(state: RTCPeerConnectionState): void;
  /** Setting up failed for good. */
  failed(error: unknown): void;
}

export interface LocalTracks {
  microphone: MediaStreamTrack;
  camera: MediaStreamTrack | null;
}

export class Peer {
  readonly connection: RTCPeerConnection;
  readonly #events: PeerEvents;
  readonly #offerer: boolean;
  readonly #remote = new MediaStream();
  #tracks: LocalTracks;
  /** Signals are handled one after another, whatever order their promises would settle in. */
  #work: Promise<void> = Promise.resolve();
  /** Candidates that came before the description they belong to. */
  #early: RTCIceCandidateInit[] = [];
  #closed = false;

  constructor(call: Pick<CallState, "ice_servers" | "offerer">, tracks: LocalTracks, events: PeerEvents) {
    this.#events = events;
    this.#offerer = call.offerer;
    this.#tracks = tracks;
    this.connection = new RTCPeerConnection({ iceServers: call.ice_servers, bundlePolicy: "max-bundle" });
    this.connection.onicecandidate = ({ candidate }) => this.#found(candidate);
    this.connection.ontrack = ({ track }) => this.#hear(track);
    this.connection.onconnectionstatechange = () => events.connection(this.connection.connectionState);
    if (this.#offerer) {
      for (const kind of ["audio", "video"] as const) {
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

  /** Sends another camera track, or none. */
  setCamera(camera: MediaStreamTrack | null): Promise<void> {
    this.#tracks = { ...this.#tracks, camera };
    const video = this.connection.getTransceivers().find(({ receiver }) => receiver.track.kind === "video");
    return video?.sender.replaceTrack(camera) ?? Promise.resolve();
  }

  /** Looks for new ways to the other side; the offerer's task. */
  restart(): void {
    if (!this.#offerer) return;
    this.#do(async () => {
      if (this.connection.signalingState === "stable") await this.#offer({ iceRestart: true });
    });
  }

  close(): void {
    this.#closed = true;
    const { connection } = this;
    connection.onicecandidate = connection.ontrack = connection.onconnectionstatechange = null;
    for (const track of this.#remote.getTracks()) {
      track.stop();
      this.#remote.removeTrack(track);
    }
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
    await this.#attach();
    await this.connection.setLocalDescription(await this.connection.createOffer(options));
    this.#events.signal({ type: "offer", sdp: this.connection.localDescription?.sdp ?? "" });
  }

  async #handle(signal: Signal): Promise<void> {
    switch (signal.type) {
      case "offer":
        await this.connection.setRemoteDescription(signal);
        await this.#attach();
        await this.connection.setLocalDescription(await this.connection.createAnswer());
        this.#events.signal({ type: "answer", sdp: this.connection.localDescription?.sdp ?? "" });
        return this.#drainEarly();
      case "answer":
        await this.connection.setRemoteDescription(signal);
        return this.#drainEarly();
      case "candidate":
        return this.#take(toInit(signal));
    }
  }

  /** Puts the local tracks on the transceivers and makes them two-way: those made by an offer are receive-only. */
  async #attach(): Promise<void> {
    for (const transceiver of this.connection.getTransceivers()) {
      const sound = transceiver.receiver.track.kind === "audio";
      if (transceiver.direction !== "sendrecv") {
        transceiver.direction = "sendrecv";
        if (!sound) preferVp8(transceiver);
      }
      const track = sound ? this.#tracks.microphone : this.#tracks.camera;
      if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
    }
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

  async #drainEarly(): Promise<void> {
    for (const candidate of this.#early.splice(0)) await this.#take(candidate);
  }

  #found(candidate: RTCIceCandidate | null): void {
    if (candidate === null) return;
    this.#events.signal({
      type: "candidate",
      candidate: candidate.candidate,
      sdp_mid: candidate.sdpMid,
      sdp_m_line_index: candidate.sdpMLineIndex,
      username_fragment: candidate.usernameFragment,
    });
  }

  #hear(track: MediaStreamTrack): void {
    for (const old of this.#remote.getTracks()) if (old.kind === track.kind) this.#remote.removeTrack(old);
    this.#remote.addTrack(track);
    this.#events.remote(this.#remote);
  }
}

function toInit(signal: Extract<Signal, { type: "candidate" }>): RTCIceCandidateInit {
  return {
    candidate: signal.candidate,
    sdpMid: signal.sdp_mid ?? null,
    sdpMLineIndex: signal.sdp_m_line_index ?? null,
    usernameFragment: signal.username_fragment ?? null,
  };
}

/** VP8 first: the one codec that every browser encodes and that the media node records. */
function preferVp8(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const isVp8 = ({ mimeType }: { mimeType: string }): boolean => mimeType.toLowerCase() === "video/vp8";
  const ordered = [...codecs.filter(isVp8), ...codecs.filter((codec) => !isVp8(codec))];
  if (ordered.length > 0) transceiver.setCodecPreferences(ordered);
}
