/** How a state of a recording looks. Shape and words tell it, not the colour alone. */
import { Circle, CircleSlash, Disc, TriangleAlert, type LucideIcon } from "lucide-react";
import type { CallRecording } from "../../../api/types";
import type { CallView } from "../view";

export type ShownState = Exclude<CallRecording["state"], "off">;

/** Null where nothing is recorded, nor will be. Where somebody is asked anew while it goes on, it is recorded all the same. */
export function shownState(recording: CallRecording | null | undefined): ShownState | null {
  if (recording == null || recording.state === "off") return null;
  return recording.state === "consent" && recording.started_at != null ? "on" : recording.state;
}

/** Of both calls of this page: one on hold is recorded all the same. */
export function shownOf(current: CallView, held: CallView | null): ShownState | null {
  return shownState(current.call?.recording) ?? shownState(held?.call?.recording);
}

export const SIGNS: Record<ShownState, LucideIcon> = {
  announced: Circle,
  consent: Circle,
  on: Disc,
  interrupted: TriangleAlert,
  failed: CircleSlash,
};
