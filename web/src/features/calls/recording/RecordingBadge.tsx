/** The red sign that a call is recorded. The server's word alone brings it and takes it away; nothing on the page hides it. */
import clsx from "clsx";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CallRecording } from "../../../api/types";
import { Popover } from "../../../ui/Popover";
import { shownState, SIGNS, type ShownState } from "./look";
import { NoticeTerms } from "./NoticeTerms";

const LOOKS: Record<ShownState, string> = {
  announced: "bg-black/70 text-white ring-1 ring-[#ff7b89]",
  consent: "bg-black/70 text-white ring-1 ring-[#ff7b89]",
  on: "bg-danger-strong text-white",
  interrupted: "bg-white text-[#c8102e]",
  failed: "bg-white text-[#c8102e]",
};

interface SignProps {
  recording: CallRecording | null | undefined;
}

/** At the top of a call: the state in words; a click says more. */
export function RecordingBadge({ recording }: SignProps) {
  const { t } = useTranslation();
  const state = shownState(recording);
  if (state === null || recording == null) return null;
  const Sign = SIGNS[state];
  const words = t(`recording.indicator.${state}`);
  return (
    <Popover
      label={words}
      sign={state}
      buttonClassName={clsx(
        "flex min-h-11 items-center gap-1.5 rounded-full px-3.5 text-sm font-semibold whitespace-nowrap shadow-soft focus-visible:outline-white",
        LOOKS[state],
      )}
      panelClassName="top-full left-1/2 mt-2 w-72 max-w-[86vw] -translate-x-1/2 p-4 text-sm"
      button={
        <>
          <Sign size={15} aria-hidden className={clsx("shrink-0", state === "on" && "animate-pulse-soft")} />
          {words}
        </>
      }
    >
      {() => (
        <div className="flex flex-col gap-3">
          <p>{t(`recording.why.${state}`)}</p>
          <NoticeTerms notice={recording.notice} />
        </div>
      )}
    </Popover>
  );
}

/** Where there is room for little: the sign, with its words for who hears the page, or beside it. */
export function RecordingSign({ state, words = false }: { state: ShownState | null; words?: boolean }) {
  const { t } = useTranslation();
  if (state === null) return null;
  const Sign = SIGNS[state];
  const said = t(`recording.indicator.${state}`);
  return (
    <span
      title={said}
      data-sign={state}
      className={clsx(
        "inline-flex shrink-0 items-center gap-1 rounded-full px-1.5 py-0.5 align-[1px] text-xs leading-4 font-semibold",
        LOOKS[state],
      )}
    >
      <Sign size={12} aria-hidden className={clsx(state === "on" && "animate-pulse-soft")} />
      <span className={clsx(!words && "sr-only")}>{said}</span>
    </span>
  );
}

const SPEAK_AFTER_MS = 100;

/** Says each change once to who hears the page. A region that begins with its words is not read: they come a moment later. */
export function RecordingVoice({ recording }: SignProps) {
  const { t } = useTranslation();
  const [said, setSaid] = useState<CallRecording["state"] | null>(null);
  const ran = useRef(false);
  const state = shownState(recording) ?? recording?.state ?? null;
  useEffect(() => {
    const timer = setTimeout(() => {
      // What never ran has not stopped.
      setSaid(state === "off" && !ran.current ? null : state);
      ran.current ||= state === "on" || state === "interrupted";
    }, SPEAK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return (
    <p role="status" className="sr-only">
      {said !== null && t(`recording.said.${said}`)}
    </p>
  );
}
