/**
 * Records one voice message, without React. The microphone is open only while something is recorded, whichever way it ends.
 */
import { Store } from "../../lib/store";
import { MediaError, mediaError, type MediaErrorCode } from "../calls";
import type { Voice } from "./uploads";
import { encode } from "./waveform";

/** The server takes no longer ones. */
export const LONGEST_MS = 15 * 60_000;
/** How often the voice is measured: the bars of the waveform come from this. */
const MEASURE_MS = 50;
/** A finger that slipped is no message. */
export const SHORTEST_MS = 500;

export type RecorderError = { code: MediaErrorCode | "unsupported"; detail: string };

export interface Recorded {
  /** `full`: as long as one may be; it waits to be sent or cancelled. */
  stage: "idle" | "asking" | "recording" | "full";
  ms: number;
  /** 0 to 1, now. */
  level: number;
  error: RecorderError | null;
}

const IDLE: Recorded = { stage: "idle", ms: 0, level: 0, error: null };

/** What a browser records, the best first: Ogg plays nearly everywhere as it is. */
const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

function bestType(): string | null {
  // Not there at all in old browsers, whatever its type says.
  const known = globalThis.MediaRecorder as typeof MediaRecorder | undefined;
  return TYPES.find((type) => known?.isTypeSupported(type)) ?? null;
}

/** Everything that one recording holds. */
interface Taking {
  stream: MediaStream;
  recorder: MediaRecorder;
  chunks: Blob[];
  levels: number[];
  context: AudioContext;
  analyser: AnalyserNode;
  timer: ReturnType<typeof setInterval>;
  startedAt: number;
}

export class Recorder {
  readonly state = new Store<Recorded>(IDLE);
  #taking: Taking | null = null;
  /** Grows with each recording: a permission that comes after it was cancelled opens nothing. */
  #attempt = 0;

  async start(): Promise<void> {
    if (this.state.get().stage !== "idle") return;
    const attempt = (this.#attempt += 1);
    const type = bestType();
    this.state.set({ ...IDLE, stage: "asking" });
    try {
      const stream = await openMicrophone();
      if (attempt !== this.#attempt) return stop(stream);
      if (type === null) {
        stop(stream);
        return this.#fail({ code: "unsupported", detail: "" });
      }
      this.#record(stream, type);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      const { code, cause_name } = mediaError(error);
      this.#fail({ code, detail: cause_name });
    }
  }

  /** Ends it. Null if there was nothing worth keeping. */
  async finish(): Promise<Voice | null> {
    const taking = this.#taking;
    if (taking === null) {
      this.cancel();
      return null;
    }
    const { ms } = this.state.get();
    const { recorder, chunks, levels } = taking;
    await ended(recorder);
    if (this.#taking !== taking) return null;
    this.cancel();
    const bytes = new Blob(chunks, { type: recorder.mimeType });
    return ms < SHORTEST_MS || bytes.size === 0 ? null : { bytes, durationMs: Math.round(ms), waveform: encode(levels) };
  }

  /** Lets go of everything. */
  cancel(): void {
    this.#attempt += 1;
    const taking = this.#taking;
    this.#taking = null;
    this.state.set({ ...IDLE, error: this.state.get().error });
    if (taking === null) return;
    clearInterval(taking.timer);
    taking.recorder.ondataavailable = null;
    if (taking.recorder.state !== "inactive") taking.recorder.stop();
    stop(taking.stream);
    void taking.context.close();
  }

  forgetError(): void {
    this.state.update((state) => ({ ...state, error: null }));
  }

  #fail(error: RecorderError): void {
    this.state.set({ ...IDLE, error });
  }

  #record(stream: MediaStream, mimeType: string): void {
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 32_000 });
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    context.createMediaStreamSource(stream).connect(analyser);
    const chunks: Blob[] = [];
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    const taking: Taking = { stream, recorder, chunks, levels: [], context, analyser, startedAt: performance.now(), timer: setInterval(() => this.#measure(taking), MEASURE_MS) };
    this.#taking = taking;
    // The microphone was unplugged, or its permission taken away: what there is can still be sent.
    for (const track of stream.getAudioTracks()) track.onended = () => this.#full(taking);
    recorder.start(1_000);
    this.state.set({ ...IDLE, stage: "recording" });
  }

  #measure(taking: Taking): void {
    const samples = new Float32Array(taking.analyser.fftSize);
    taking.analyser.getFloatTimeDomainData(samples);
    const level = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    const ms = performance.now() - taking.startedAt;
    taking.levels.push(level);
    this.state.set({ stage: "recording", ms: Math.min(ms, LONGEST_MS), level: Math.min(1, level), error: null });
    if (ms >= LONGEST_MS) this.#full(taking);
  }

  #full(taking: Taking): void {
    if (this.#taking !== taking || this.state.get().stage !== "recording") return;
    clearInterval(taking.timer);
    taking.recorder.stop();
    stop(taking.stream);
    this.state.update((state) => ({ ...state, stage: "full", level: 0 }));
  }
}

function openMicrophone(): Promise<MediaStream> {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) return Promise.reject(new MediaError("insecure", "no mediaDevices"));
  return devices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}

/** The last bytes come before `stop` is told. */
function ended(recorder: MediaRecorder): Promise<void> {
  if (recorder.state === "inactive") return Promise.resolve();
  return new Promise((resolve) => {
    recorder.addEventListener("stop", () => resolve(), { once: true });
    recorder.stop();
  });
}
