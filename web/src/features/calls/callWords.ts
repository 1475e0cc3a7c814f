/** A call in the history, in words. */
import { useTranslation } from "react-i18next";
import type { CallRecord } from "../../api/types";
import { duration } from "../../lib/time";
import { PATHS } from "./paths";

/** Calls that the reader did not get. One that could not be recorded was kept from both. */
export function isMissed(call: CallRecord, outgoing: boolean): boolean {
  return !outgoing && call.answered_at == null && call.outcome !== "declined" && call.outcome !== "not_recorded";
}

export interface CallWords {
  /** Which way and what kind. */
  title: string;
  /** Length, outcome, path. */
  detail: string;
  /** Which way, and length or outcome: for a narrow list. */
  brief: string;
}

export function useCallWords(): (call: CallRecord, outgoing: boolean) => CallWords {
  const { t } = useTranslation();
  return (call, outgoing) => {
    const video = call.kind === "video";
    const missed = isMissed(call, outgoing);
    const title = missed
      ? t(video ? "call.history.missedVideo" : "call.history.missedAudio")
      : outgoing
        ? t(video ? "call.history.outgoingVideo" : "call.history.outgoingAudio")
        : t(video ? "call.history.incomingVideo" : "call.history.incomingAudio");
    const parts: string[] = [];
    if (call.answered_at != null) parts.push(duration(call.ended_at - call.answered_at));
    if (call.outcome !== "completed" && !missed) parts.push(t(`call.history.${call.outcome}`));
    const way = t(missed ? "call.log.wasMissed" : outgoing ? "call.log.outgoing" : "call.log.incoming");
    const brief = [way, ...parts].join(" · ");
    if (call.path != null) parts.push(t(PATHS[call.path].name));
    return { title, detail: parts.join(" · "), brief };
  };
}
