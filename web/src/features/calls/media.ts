/** Microphone and camera: asked for in one place, and every failure in a word that the screen can explain. */
import type { CallKind } from "../../api/types";

export type MediaErrorCode = "denied" | "missing" | "busy" | "insecure" | "other";

export class MediaError extends Error {
  override readonly name = "MediaError";
  constructor(
    readonly code: MediaErrorCode,
    /** The browser's own name for it. */
    readonly cause_name: string,
  ) {
    super(`${code}: ${cause_name}`);
  }
}

const CODES: Record<string, MediaErrorCode> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

export function mediaError(error: unknown): MediaError {
  if (error instanceof MediaError) return error;
  const name = error instanceof Error ? error.name : String(error);
  return new MediaError(CODES[name] ?? "other", name);
}

const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
  facingMode: "user",
};

/** The part of `navigator.mediaDevices` that is used; missing in insecure contexts. */
export type Devices = Pick<MediaDevices, "getUserMedia">;

function capture(devices: Devices | undefined, constraints: MediaStreamConstraints): Promise<MediaStream> {
  if (devices === undefined) return Promise.reject(new MediaError("insecure", "no mediaDevices"));
  return devices.getUserMedia(constraints).catch((error: unknown) => Promise.reject(mediaError(error)));
}

export interface Captured {
  microphone: MediaStreamTrack;
  /** Null in an audio call, and in a video call whose camera failed. */
  camera: MediaStreamTrack | null;
  cameraError: MediaError | null;
}

/** A video call without a working camera goes on with sound: a missing camera must not keep people from talking. */
export async function captureFor(kind: CallKind, devices: Devices | undefined): Promise<Captured> {
  if (kind === "audio") return parts(await capture(devices, { audio: AUDIO }), null);
  try {
    return parts(await capture(devices, { audio: AUDIO, video: VIDEO }), null);
  } catch (error) {
    const why = mediaError(error);
    if (why.code === "insecure") throw why;
    // Which of the two failed is not told; without the camera it either works or tells of the microphone.
    return parts(await capture(devices, { audio: AUDIO }), why);
  }
}

export async function captureCamera(devices: Devices | undefined): Promise<MediaStreamTrack> {
  const [track] = (await capture(devices, { video: VIDEO })).getVideoTracks();
  if (track === undefined) throw new MediaError("missing", "no video track");
  return track;
}

function parts(stream: MediaStream, cameraError: MediaError | null): Captured {
  const [microphone] = stream.getAudioTracks();
  if (microphone === undefined) throw new MediaError("missing", "no audio track");
  return { microphone, camera: stream.getVideoTracks()[0] ?? null, cameraError };
}
