/** The player of voice messages and other sounds: play, a slider (the waveform of a voice), time, speed. */
import clsx from "clsx";
import { Pause, Play, TriangleAlert } from "lucide-react";
import { useEffect, useRef, type KeyboardEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../../lib/time";
import { useStore } from "../../lib/useStore";
import { usePlayback } from "./context";
import type { Heard } from "./playback";
import { decode } from "./waveform";

export interface SoundProps {
  id: string;
  url: string;
  /** Of a sound that is no voice message. */
  name: string | null;
  durationMs: number | null;
  waveform: string | null;
  own: boolean;
}

const IDLE: Heard = { id: null, playing: false, atMs: 0, durationMs: null, failed: false };

export function Sound({ id, url, name, durationMs, waveform, own }: SoundProps) {
  const { t } = useTranslation();
  const playback = usePlayback();
  const root = useRef<HTMLDivElement>(null);
  const all = useStore(playback.heard);
  const heard = all.id === id ? all : IDLE;
  const total = durationMs ?? heard.durationMs ?? 0;
  const player = { id, url };

  useEffect(() => {
    if (root.current !== null) return playback.register({ id, url, element: root.current, voice: name === null });
  }, [playback, id, url, name]);

  return (
    <div ref={root} role="group" aria-label={name === null ? t("voice.message") : t("files.audio", { name })} className="flex w-72 max-w-full items-center gap-2.5 py-1">
      <PlayButton heard={heard} own={own} onClick={() => playback.toggle(player)} />
      <div className="flex min-w-0 flex-1 flex-col">
        {name !== null && (
          <span className="truncate text-sm font-medium" title={name}>
            {name}
          </span>
        )}
        <Slider heard={heard} total={total} waveform={name === null ? waveform : null} flat={name !== null} own={own} onSeek={(ms) => playback.seek(player, ms)} />
        <div className={clsx("flex h-5 items-center gap-2 pr-16 text-[12px] tabular-nums", own ? "text-white" : "text-muted")}>
          <span>{heard.failed ? t("voice.failed") : duration(heard.id === null ? total : heard.atMs)}</span>
          {heard.id !== null && !heard.failed && <Speed own={own} />}
        </div>
      </div>
    </div>
  );
}

function PlayButton({ heard: { playing, failed }, own, onClick }: { heard: Heard; own: boolean; onClick: () => void }) {
  const { t } = useTranslation();
  const words = playing ? t("voice.pause") : t("voice.play");
  const Icon = failed ? TriangleAlert : playing ? Pause : Play;
  return (
    <button
      type="button"
      aria-label={words}
      title={words}
      onClick={onClick}
      className={clsx("grid size-11 shrink-0 place-items-center rounded-full transition", own ? "bg-white text-[#7a2fe0]" : "bg-gradient-own text-white")}
    >
      <Icon size={20} aria-hidden fill={failed ? "none" : "currentColor"} className={clsx(!playing && !failed && "translate-x-px")} />
    </button>
  );
}

/** Bars that fit beside the button, on the narrowest screen too. */
const BARS = 42;
const STEP_MS = 5_000;

interface SliderProps {
  heard: Heard;
  total: number;
  waveform: string | null;
  flat: boolean;
  own: boolean;
  onSeek(ms: number): void;
}

function Slider({ heard, total, waveform, flat, own, onSeek }: SliderProps) {
  const { t } = useTranslation();
  const at = Math.min(heard.atMs, total);
  const share = total > 0 ? at / total : 0;

  function seekTo(event: PointerEvent<HTMLDivElement>): void {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    if (total > 0 && width > 0) onSeek(Math.max(0, Math.min(1, (event.clientX - left) / width)) * total);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const targets: Record<string, number> = { ArrowRight: at + STEP_MS, ArrowUp: at + STEP_MS, ArrowLeft: at - STEP_MS, ArrowDown: at - STEP_MS, Home: 0, End: total };
    const target = targets[event.key];
    if (target === undefined || total === 0) return;
    event.preventDefault();
    onSeek(Math.max(0, Math.min(total, target)));
  }

  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={t("voice.seek")}
      aria-valuemin={0}
      aria-valuemax={Math.round(total / 1000)}
      aria-valuenow={Math.round(at / 1000)}
      aria-valuetext={t("voice.position", { at: duration(at), of: duration(total) })}
      onPointerDown={seekTo}
      onKeyDown={onKeyDown}
      className="flex h-7 cursor-pointer touch-manipulation items-center gap-[2px] rounded"
    >
      {flat ? <FlatBar share={share} own={own} /> : <Wave waveform={waveform} share={share} own={own} />}
    </div>
  );
}

function Wave({ waveform, share, own }: { waveform: string | null; share: number; own: boolean }) {
  return decode(waveform, BARS).map((level, i) => {
    const past = (i + 0.5) / BARS <= share;
    return (
      <span
        key={i}
        aria-hidden
        className={clsx("min-w-0 flex-1 rounded-full", own ? "bg-white" : past ? "bg-accent" : "bg-line-strong", own && !past && "opacity-50")}
        style={{ height: 3 + Math.round(level * 21) }}
      />
    );
  });
}

function FlatBar({ share, own }: { share: number; own: boolean }) {
  return (
    <span aria-hidden className={clsx("h-1 flex-1 overflow-hidden rounded-full", own ? "bg-white/40" : "bg-line-strong")}>
      <span className={clsx("block h-full rounded-full", own ? "bg-white" : "bg-accent")} style={{ width: `${share * 100}%` }} />
    </span>
  );
}

function Speed({ own }: { own: boolean }) {
  const { t, i18n } = useTranslation();
  const playback = usePlayback();
  const speed = new Intl.NumberFormat(i18n.language).format(useStore(playback.speed));
  return (
    <button
      type="button"
      aria-label={t("voice.speed", { speed })}
      title={t("voice.speed", { speed })}
      onClick={() => playback.nextSpeed()}
      // Wider to the finger than to the eye.
      className={clsx("relative min-w-9 rounded-full px-2 font-semibold after:absolute after:-inset-x-2 after:-inset-y-3", own ? "bg-white/25" : "bg-accent-soft text-accent")}
    >
      {speed}×
    </button>
  );
}

