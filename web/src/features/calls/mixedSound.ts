/** The microphone and the sound of a shared tab as one track, so that both go over the one sound line of the call. */
export class MixedSound {
  readonly track: MediaStreamTrack;
  readonly #context = new AudioContext();
  readonly #both = this.#context.createMediaStreamDestination();
  readonly #shared: MediaStreamTrack;
  #microphone: MediaStreamAudioSourceNode | null = null;

  constructor(shared: MediaStreamTrack, microphone: MediaStreamTrack | null) {
    const [track] = this.#both.stream.getAudioTracks();
    if (track === undefined) throw new Error("a mix without a track");
    this.track = track;
    this.#shared = shared;
    this.#source(shared);
    this.use(microphone);
    void this.#context.resume().catch(() => undefined);
  }

  /** A muted one adds silence: what is shared is heard on. */
  use(microphone: MediaStreamTrack | null): void {
    this.#microphone?.disconnect();
    this.#microphone = microphone === null ? null : this.#source(microphone);
  }

  close(): void {
    this.#shared.stop();
    this.track.stop();
    void this.#context.close().catch(() => undefined);
  }

  #source(track: MediaStreamTrack): MediaStreamAudioSourceNode {
    const node = this.#context.createMediaStreamSource(new MediaStream([track]));
    node.connect(this.#both);
    return node;
  }
}
