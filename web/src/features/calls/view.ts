/** What the screen shows of a call. Replaced whole at every change, never mutated. */
import type { CallKind, CallState, Outcome } from "../../api/types";
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
export type Ending = Outcome | "elsewhere" | "media" | "mediaNode" | "socket" | { code: string };

export interface CallView {
  stage: Stage;
  kind: CallKind;
  /** The other side. */
  peerId: string | null;
  /** Unset until the server has told of it. */
  call: CallState | null;
  microphone: boolean;
  camera: boolean;
  /** The own camera, for the small tile. */
  localVideo: MediaStream | null;
  remote: MediaStream | null;
  quality: Quality | null;
  /** The media broke off and is being restored. */
  interrupted: boolean;
  /** What is wrong with microphone or camera, while it stops or hampers the call. */
  mediaError: { code: MediaErrorCode; detail: string; camera: boolean } | null;
  /** A call of this user that another, lost device left: it can be continued here. */
  abandoned: CallState | null;
  /** How the last call ended, for a short notice; a new object each time. */
  ending: { why: Ending } | null;
}

export const IDLE: CallView = {
  stage: "idle",
  kind: "audio",
  peerId: null,
  call: null,
  microphone: true,
  camera: false,
  localVideo: null,
  remote: null,
  quality: null,
  interrupted: false,
  mediaError: null,
  abandoned: null,
  ending: null,
};
