/** What the screen shows of the calls of this page. Replaced whole at every change, never mutated. */
import type { CallKind, CallState, Outcome } from "../../api/types";
import type { ConsentStage } from "./consent";
import type { Details } from "./details";
import type { MediaErrorCode } from "./media";
import type { Quality } from "./quality";

export type Stage =
  | "idle"
  /** The browser asks for microphone and camera, before ringing or before answering. */
  | "asking"
  | "outgoing"
  | "incoming"
  /** Answered; the media is not there yet. */
  | "connecting"
  | "talking";

/** Why a call is over: the server's outcome, or something that only this page knows. */
export type Ending = Outcome | "elsewhere" | "media" | "relay" | "mediaNode" | "socket" | { code: string };

/** One call. */
export interface CallView {
  stage: Stage;
  kind: CallKind;
  /** The other side. */
  peerId: string | null;
  /** Unset until the server has told of it. */
  call: CallState | null;
  /** Whether media may be set up; until then the notice is shown. */
  consent: ConsentStage;
  microphone: boolean;
  camera: boolean;
  /** The own screen is shared. */
  screen: boolean;
  /** The own camera, for the small tile. */
  localVideo: MediaStream | null;
  localScreen: MediaStream | null;
  /** Sound and camera of the other side; nothing while the call is on hold here. */
  remote: MediaStream | null;
  remoteScreen: MediaStream | null;
  /** By us. What the other side does is said by its participant. */
  onHold: boolean;
  speaking: { me: boolean; other: boolean };
  quality: Quality | null;
  details: Details | null;
  /** The own picture gives way to the sound while the line is too thin for both. */
  pictureLimited: "none" | "reduced" | "paused";
  /** The other side's picture has not changed for seconds, though something of it comes: mostly the line is too thin. */
  pictureStands: boolean;
  /** The media broke off and is being restored. */
  interrupted: boolean;
  /** The call changes its path; what was there before plays on until the new one flows. */
  moving: boolean;
  /** What is wrong with a device, while it stops or hampers the call. */
  mediaError: { code: MediaErrorCode; detail: string; device: DeviceKind } | null;
  deviceNotice: DeviceNotice | null;
}

export type DeviceKind = "microphone" | "camera" | "screen";

/** A device went away, and another one took its place if there is one; or the chosen one is back. A new object each time. */
export interface DeviceNotice {
  kind: "microphone" | "camera" | "speaker";
  what: "unplugged" | "changed";
  /** The device that went, or the one that is used from now on. */
  label: string;
}

export interface CallEnding {
  why: Ending;
  peerId: string | null;
  kind: CallKind;
  /** The call whose media could not be had for good: worth a check of the connection. */
  failed: string | null;
}

/** All calls of this page. */
export interface CallsView {
  /** Its stage is `idle` if there is none. */
  current: CallView;
  /** Rings while `current` talks. */
  waiting: CallView | null;
  held: CallView | null;
  /** A call of this user that another, lost device left: it can be continued here. */
  abandoned: CallState | null;
  /** How the last call ended, for a short notice; a new object each time. */
  ending: CallEnding | null;
}

export const IDLE: CallView = {
  stage: "idle",
  kind: "audio",
  peerId: null,
  call: null,
  consent: "given",
  microphone: true,
  camera: false,
  screen: false,
  localVideo: null,
  localScreen: null,
  remote: null,
  remoteScreen: null,
  onHold: false,
  speaking: { me: false, other: false },
  quality: null,
  details: null,
  pictureLimited: "none",
  pictureStands: false,
  interrupted: false,
  moving: false,
  mediaError: null,
  deviceNotice: null,
};

export const NO_CALLS: CallsView = { current: IDLE, waiting: null, held: null, abandoned: null, ending: null };
