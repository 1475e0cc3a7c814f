/** Play, pause, steps, time and speed. */
import { Pause, Play, RotateCcw, RotateCw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { duration } from "../../../lib/time";
import { useStore } from "../../../lib/useStore";
import { IconButton } from "../../../ui/Button";
import { SPEEDS, type Player } from "../player/player";

const STEP_MS = 5_000;

export function Transport({ player }: { player: Player }) {
  const { t, i18n } = useTranslation();
  const { playing, waiting, atMs, speed, failed } = useStore(player.view);
  const number = new Intl.NumberFormat(i18n.language);
  const words = t(playing ? "recordings.player.pause" : "recordings.player.play");
  return (
    <div className="flex flex-wrap items-center gap-x-1 gap-y-1 sm:gap-x-2">
      <IconButton label={t("recordings.player.back")} onClick={() => player.step(-STEP_MS)} className="hover:bg-panel">
        <RotateCcw size={20} />
      </IconButton>
      <button
        type="button"
        aria-label={words}
        title={words}
        onClick={() => player.toggle()}
        className="grid size-14 shrink-0 place-items-center rounded-full bg-gradient-own text-white shadow-soft transition hover:brightness-110"
      >
        {playing ? <Pause size={24} aria-hidden fill="currentColor" /> : <Play size={24} aria-hidden fill="currentColor" className="translate-x-px" />}
      </button>
      <IconButton label={t("recordings.player.forward")} onClick={() => player.step(STEP_MS)} className="hover:bg-panel">
        <RotateCw size={20} />
      </IconButton>
      <span className="px-1 tabular-nums">
        {duration(atMs)} <span className="text-muted">/ {duration(player.durationMs)}</span>
      </span>
      <select
        aria-label={t("recordings.player.speed")}
        value={speed}
        onChange={(event) => player.setSpeed(Number(event.target.value))}
        className="min-h-11 w-18 rounded-xl border border-line-strong bg-raised px-2 tabular-nums md:min-h-9"
      >
        {SPEEDS.map((one) => (
          <option key={one} value={one}>
            {t("recordings.player.times", { speed: number.format(one) })}
          </option>
        ))}
      </select>
      <span role="status" className="text-sm text-muted">
        {failed ? <span className="text-danger">{t("recordings.player.failed")}</span> : waiting && t("recordings.player.waiting")}
      </span>
    </div>
  );
}
