/** Microphone, camera and screen: asked for in one place, and every failure in a word that the screen can explain. */
import type { Choices } from "./choices";

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
  const { name } = told(error);
  return new MediaError(CODES[name] ?? "other", name);
}

/** Not every browser makes its exceptions errors. */
function told(error: unknown): { name: string; message: string } {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  return { name: typeof name === "string" ? name : String(error), message: typeof message === "string" ? message : "" };
}

/** The part of `navigator.mediaDevices` that is used; missing in insecure contexts. Phones share no screen. */
export type Devices = Pick<MediaDevices, "getUserMedia"> & Partial<Pick<MediaDevices, "getDisplayMedia">>;

/** A condition: of a mere wish some browsers make nothing once they have a device of that kind. */
const chosen = (deviceId: string | null): MediaTrackConstraints => (deviceId === null ? {} : { deviceId: { exact: deviceId } });

/** The same as a wish: a chosen device that is gone gives way to the default. Null if none was chosen. */
function relaxed({ audio, video }: MediaStreamConstraints): MediaStreamConstraints | null {
  let some = false;
  const one = (of: MediaStreamConstraints["audio"]): MediaTrackConstraints | boolean => {
    const exact = typeof of === "object" ? (of.deviceId as { exact?: string } | undefined)?.exact : undefined;
    if (typeof of !== "object" || exact === undefined) return of ?? false;
    some = true;
    return { ...of, deviceId: { ideal: exact } };
  };
  const rest = { ...(audio === undefined ? {} : { audio: one(audio) }), ...(video === undefined ? {} : { video: one(video) }) };
  return some ? rest : null;
}

export function soundConstraints(choices: Choices): MediaTrackConstraints {
  const { microphone, echoCancellation, noiseSuppression, autoGainControl } = choices;
  return { ...chosen(microphone), echoCancellation, noiseSuppression, autoGainControl };
}

export function cameraConstraints({ camera }: Choices): MediaTrackConstraints {
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
  return { ...size, ...(camera === null ? { facingMode: "user" } : chosen(camera)) };
}

async function capture(devices: Devices | undefined, constraints: MediaStreamConstraints): Promise<MediaStream> {
  if (devices === undefined) throw new MediaError("insecure", "no mediaDevices");
  try {
    return await devices.getUserMedia(constraints);
  } catch (error) {
    const why = mediaError(error);
    const rest = why.code === "missing" ? relaxed(constraints) : null;
    if (rest === null) throw why;
    return devices.getUserMedia(rest).catch((again: unknown) => Promise.reject(mediaError(again)));
  }
}

export interface Captured {
  microphone: MediaStreamTrack;
  /** Null where it was not asked for, and where it failed. */
  camera: MediaStreamTrack | null;
  cameraError: MediaError | null;
}

/**
 * A call without a working camera goes on with sound: a missing camera must not keep people from talking. `wanted` is asked before
 * the second attempt: the call may be over by then.
 */
export async function captureBoth(
  devices: Devices | undefined,
  camera: boolean,
  choices: Choices,
  wanted: () => boolean,
): Promise<Captured> {
  const audio = soundConstraints(choices);
  if (!camera) return parts(await capture(devices, { audio }), null);
  try {
    return parts(await capture(devices, { audio, video: cameraConstraints(choices) }), null);
  } catch (error) {
    const why = mediaError(error);
    if (why.code === "insecure" || !wanted()) throw why;
    // Which of the two failed is not told; without the camera it either works or tells of the microphone.
    return parts(await capture(devices, { audio }), why);
  }
}

export async function captureMicrophone(devices: Devices | undefined, choices: Choices): Promise<MediaStreamTrack> {
  const [track] = (await capture(devices, { audio: soundConstraints(choices) })).getAudioTracks();
  if (track === undefined) throw new MediaError("missing", "no audio track");
  return track;
}

export async function captureCamera(devices: Devices | undefined, choices: Choices): Promise<MediaStreamTrack> {
  const [track] = (await capture(devices, { video: cameraConstraints(choices) })).getVideoTracks();
  if (track === undefined) throw new MediaError("missing", "no video track");
  return track;
}

export interface CapturedScreen {
  picture: MediaStreamTrack;
  /** Of a tab whose sound the user shares as well. */
  sound: MediaStreamTrack | null;
}

/**
 * Not the sound of the whole system: the other side's own voice is in it. What is played is no voice and is left as it is.
 * (Some of these fields are younger than the types.)
 */
const SCREEN = {
  video: { frameRate: { ideal: 15, max: 30 } },
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  systemAudio: "exclude",
  selfBrowserSurface: "exclude",
  surfaceSwitching: "include",
} as DisplayMediaStreamOptions;

/** Null if the user thought better of it. */
export async function captureScreen(devices: Devices | undefined): Promise<CapturedScreen | null> {
  if (devices?.getDisplayMedia === undefined) throw new MediaError("insecure", "no getDisplayMedia");
  try {
    const stream = await devices.getDisplayMedia(SCREEN);
    const [picture] = stream.getVideoTracks();
    if (picture === undefined) throw new MediaError("missing", "no video track");
    // Text must stay sharp; rather fewer frames than fewer pixels.
    picture.contentHint = "detail";
    return { picture, sound: stream.getAudioTracks()[0] ?? null };
  } catch (error) {
    // The browser has one name for a closed dialog and for a system that forbids it; only the latter is worth a word.
    const { name, message } = told(error);
    if (name === "NotAllowedError" && !/system/iu.test(message)) return null;
    throw mediaError(error);
  }
}

function parts(stream: MediaStream, cameraError: MediaError | null): Captured {
  const [microphone] = stream.getAudioTracks();
  if (microphone === undefined) throw new MediaError("missing", "no audio track");
  return { microphone, camera: stream.getVideoTracks()[0] ?? null, cameraError };
}
