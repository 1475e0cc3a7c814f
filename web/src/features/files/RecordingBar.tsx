/** In place of the input while a voice message is recorded: red light, time, voice, and the two ways to end it. */
import { SendHorizontal, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../../lib/time";
import { IconButton } from "../../ui/Button";
import { LONGEST_MS } from "./recorder";
import type { Recording } from "./useRecording";

export function RecordingBar({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  const { stage, ms, level, cancel, finish } = recording;
  const send = useRef<HTMLButtonElement>(null);
  const ready = stage === "recording" || stage === "full";

  useEffect(() => {
    if (ready) send.current?.focus({ preventScroll: true });
  }, [ready]);
  useEffect(() => {
    const escape = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !event.defaultPrevented) cancel();
    };
    document.addEventListener("keydown", escape);
    return () => document.removeEventListener("keydown", escape);
  }, [cancel]);

  return (
    <div role="group" aria-label={t("voice.recording")} className="flex min-h-11 flex-1 items-center gap-2 py-2">
      <IconButton label={t("voice.cancel")} onClick={cancel} className="text-muted hover:bg-panel">
        <X size={22} aria-hidden />
      </IconButton>
      {ready ? (
        <div className="flex h-11 min-w-0 flex-1 items-center gap-3 rounded-[22px] border border-line-strong bg-raised px-4">
          <span aria-hidden className={stage === "recording" ? "size-3 shrink-0 animate-pulse-soft rounded-full bg-danger-strong" : "size-3 shrink-0 rounded-full bg-line-strong"} />
          <span role="timer" aria-label={t("voice.elapsed")} className="font-medium tabular-nums">
            {duration(ms)}
          </span>
          {stage === "full" ? (
            <span role="status" className="truncate text-sm text-muted">
              {t("voice.full", { time: duration(LONGEST_MS) })}
            </span>
          ) : (
            <Level level={level} />
          )}
        </div>
      ) : (
        <p role="status" className="flex-1 truncate text-muted">
          {t("voice.asking")}
        </p>
      )}
      <IconButton ref={send} label={t("voice.send")} disabled={!ready} onClick={finish} className="bg-gradient-own text-white">
        <SendHorizontal size={20} aria-hidden />
      </IconButton>
    </div>
  );
}

/** The voice just now. Loudness is heard by its logarithm. */
function Level({ level }: { level: number }) {
  const share = Math.max(0, 1 + Math.log10(Math.max(0.001, level)) / 3);
  return (
    <span aria-hidden className="h-1.5 min-w-0 flex-1 overflow-hidden rounded-full bg-line">
      <span className="block h-full origin-left rounded-full bg-danger-strong transition-transform duration-75" style={{ transform: `scaleX(${share})` }} />
    </span>
  );
}
