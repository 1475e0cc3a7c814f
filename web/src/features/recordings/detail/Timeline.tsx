/** The course of the call: all together, and below it a lane for each participant. A click goes there. One may look closer. */
import clsx from "clsx";
import { ZoomIn, ZoomOut } from "lucide-react";
import { useMemo, useState, useSyncExternalStore, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../../../lib/time";
import { useStore } from "../../../lib/useStore";
import { IconButton } from "../../../ui/Button";
import type { Lane } from "../player/lanes";
import { pageOf, zoomsOf } from "../player/pages";
import type { Player } from "../player/player";
import { LaneRow } from "./LaneRow";
import { Legend } from "./Legend";
import { Lying, ROW, placeOn, wholeOf } from "./Lying";
import { Wave } from "./Wave";

const STEP_MS = 5_000;
const PAGE_MS = 30_000;

export interface TimelineProps {
  player: Player;
  /** Of all together. */
  bars: readonly number[];
  lanes: readonly Lane[];
  /** Who is heard, while one listens to them one by one; null: to all together. */
  heard: ReadonlySet<string> | null;
  onHear(userId: string, on: boolean): void;
}

export function Timeline({ player, bars, lanes, heard, onHear }: TimelineProps) {
  const { t } = useTranslation();
  const zooms = useMemo(() => zoomsOf(player.durationMs), [player]);
  const [zoom, setZoom] = useState(1);
  // The page turns with the player: in between it stands still.
  const from = useSyncExternalStore(player.view.subscribe, () => pageOf(player.view.get().atMs, player.durationMs, zoom).fromMs);
  const page = useMemo(() => ({ fromMs: from, toMs: from + player.durationMs / zoom }), [from, player, zoom]);
  return (
    <div role="group" aria-label={t("recordings.player.timeline")} className="flex flex-col gap-3">
      <div className={ROW}>
        <span className="font-medium">{t("recordings.player.mix")}</span>
        <Slider player={player} bars={bars} page={zoom > 1 ? page : null} />
      </div>
      {zooms.length > 1 && <Zoom zooms={zooms} zoom={zoom} page={page} onZoom={setZoom} />}
      {lanes.map((lane) => (
        <LaneRow
          key={lane.userId}
          player={player}
          page={page}
          lane={lane}
          heard={heard?.has(lane.userId) ?? null}
          onHear={(on) => onHear(lane.userId, on)}
        />
      ))}
      <Legend lanes={lanes} />
      <p className="text-sm text-muted pointer-coarse:hidden">{t("recordings.player.timelineHint")}</p>
    </div>
  );
}

interface ZoomProps {
  zooms: readonly number[];
  zoom: number;
  page: { fromMs: number; toMs: number };
  onZoom(zoom: number): void;
}

function Zoom({ zooms, zoom, page, onZoom }: ZoomProps) {
  const { t } = useTranslation();
  const at = zooms.indexOf(zoom);
  const [closer, farther] = [zooms[at + 1], zooms[at - 1]];
  return (
    <div className={clsx(ROW, "-my-2")}>
      <div className="flex">
        <IconButton
          label={t("recordings.player.farther")}
          disabled={farther === undefined}
          onClick={() => onZoom(farther ?? 1)}
          className="-ml-2 text-muted hover:bg-panel"
        >
          <ZoomOut size={18} />
        </IconButton>
        <IconButton label={t("recordings.player.closer")} disabled={closer === undefined} onClick={() => onZoom(closer ?? 1)} className="text-muted hover:bg-panel">
          <ZoomIn size={18} />
        </IconButton>
      </div>
      <p role="status" aria-label={t("recordings.player.shown", { from: duration(page.fromMs), to: duration(page.toMs) })} className="flex justify-between text-sm text-muted tabular-nums">
        <span aria-hidden>{duration(page.fromMs)}</span>
        <span aria-hidden>{duration(page.toMs)}</span>
      </p>
    </div>
  );
}

interface SliderProps {
  player: Player;
  bars: readonly number[];
  /** Which part of it the lanes show, if not all. */
  page: { fromMs: number; toMs: number } | null;
}

function Slider({ player, bars, page }: SliderProps) {
  const { t } = useTranslation();
  const { atMs } = useStore(player.view);
  const { durationMs } = player;

  function onKeyDown(event: KeyboardEvent): void {
    const targets: Record<string, number> = {
      ArrowRight: atMs + STEP_MS,
      ArrowUp: atMs + STEP_MS,
      ArrowLeft: atMs - STEP_MS,
      ArrowDown: atMs - STEP_MS,
      PageUp: atMs + PAGE_MS,
      PageDown: atMs - PAGE_MS,
      Home: 0,
      End: durationMs,
    };
    const target = targets[event.key];
    if (target === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    player.seek(target);
  }

  return (
    <Lying player={player} page={wholeOf(player)} className="h-14 text-muted">
      {page !== null && <span aria-hidden className="absolute inset-y-0 border-x-2 border-accent bg-accent-soft" style={placeOn(page, wholeOf(player))} />}
      <Wave bars={bars} />
      <div
        role="slider"
        tabIndex={0}
        aria-label={t("recordings.player.seek")}
        aria-valuemin={0}
        aria-valuemax={Math.round(durationMs / 1_000)}
        aria-valuenow={Math.round(atMs / 1_000)}
        aria-valuetext={t("recordings.player.position", { at: duration(atMs), of: duration(durationMs) })}
        onKeyDown={onKeyDown}
        className="absolute inset-0 rounded-xl"
      />
    </Lying>
  );
}
