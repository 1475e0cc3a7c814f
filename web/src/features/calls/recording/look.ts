/** How a state of a recording looks. Shape and words tell it, not the colour alone. */
import { Circle, CircleSlash, Disc, TriangleAlert, type LucideIcon } from "lucide-react";
import type { CallRecording } from "../../../api/types";

/** Where nothing is recorded and nothing is said about it. */
export type ShownState = Exclude<CallRecording["state"], "off">;

export function shownState(recording: CallRecording | null | undefined): ShownState | null {
  return recording == null || recording.state === "off" ? null : recording.state;
}

export const SIGNS: Record<ShownState, LucideIcon> = {
  announced: Circle,
  consent: Circle,
  on: Disc,
  interrupted: TriangleAlert,
  failed: CircleSlash,
};
