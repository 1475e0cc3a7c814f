/** The course of the call: all together, and below it a lane for each participant. A click goes there. */
import clsx from "clsx";
import { Volume2, VolumeX } from "lucide-react";
import { useSyncExternalStore, type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../../../lib/time";
import { useStore } from "../../../lib/useStore";
import { IconButton } from "../../../ui/Button";
import { useNameOf } from "../../users";
import type { Lane } from "../player/lanes";
import { lengthOf, type Stretch } from "../player/levels";
import type { Player } from "../player/player";
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
  return (
    <div role="group" aria-label={t("recordings.player.timeline")} className="flex flex-col gap-3">
      <div className={ROW}>
        <span className="font-medium">{t("recordings.player.mix")}</span>
        <Slider player={player} bars={bars} />
      </div>
      {lanes.map((lane) => (
        <LaneRow key={lane.userId} player={player} lane={lane} heard={heard?.has(lane.userId) ?? null} onHear={(on) => onHear(lane.userId, on)} />
      ))}
      <Legend speaks={lanes.some(({ speech }) => speech !== null)} />
      <p className="text-sm text-muted pointer-coarse:hidden">{t("recordings.player.timelineHint")}</p>
    </div>
  );
}

/** A name, and beside it the timeline: below each other on a phone. */
const ROW = "grid items-center gap-x-3 gap-y-1 md:grid-cols-[11rem_1fr]";

function Slider({ player, bars }: { player: Player; bars: readonly number[] }) {
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
    <Lying player={player} className="h-14 text-muted">
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

/** A stretch of paper with the timeline's length: where one clicks or drags, the player goes. */
function Lying({ player, className, children }: { player: Player; className: string; children: ReactNode }) {
  function seekTo(event: PointerEvent<HTMLDivElement>): void {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    if (width > 0) player.seek(((event.clientX - left) / width) * player.durationMs);
  }
  return (
    <div
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        seekTo(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
      }}
      className={clsx("relative cursor-pointer touch-pan-y overflow-hidden rounded-xl bg-panel", className)}
    >
      {children}
      <Playhead player={player} />
    </div>
  );
}

function Playhead({ player }: { player: Player }) {
  const share = useSyncExternalStore(player.view.subscribe, () => (player.durationMs > 0 ? player.view.get().atMs / player.durationMs : 0));
  return <span aria-hidden className="pointer-events-none absolute inset-y-0 w-0.5 -translate-x-1/2 bg-accent" style={{ left: `${share * 100}%` }} />;
}

function placeOf({ fromMs, toMs }: Stretch, durationMs: number): CSSProperties {
  const share = (ms: number): number => (durationMs > 0 ? (ms / durationMs) * 100 : 0);
  return { left: `${share(fromMs)}%`, width: `max(2px, ${share(toMs - fromMs)}%)` };
}

const MUTED = "bg-[repeating-linear-gradient(135deg,var(--line-strong)_0_1px,transparent_1px_6px)]";
const GAP = "bg-warn-text/70";

interface LaneRowProps {
  player: Player;
  lane: Lane;
  heard: boolean | null;
  onHear(on: boolean): void;
}

function LaneRow({ player, lane, heard, onHear }: LaneRowProps) {
  const { t } = useTranslation();
  const name = useNameOf()(lane.userId);
  const total = player.durationMs;
  const speech = lane.speech === null ? null : duration(lengthOf(lane.speech));
  const stretches = (all: readonly Stretch[], look: string): ReactNode =>
    all.map((one) => <span key={one.fromMs} className={clsx("absolute inset-y-0", look)} style={placeOf(one, total)} />);
  return (
    <div className={ROW}>
      <div className="flex min-h-8 min-w-0 items-center gap-1">
        {heard !== null && (
          <IconButton
            label={t("recordings.player.hear", { name })}
            aria-pressed={heard}
            onClick={() => onHear(!heard)}
            className={clsx("-ml-2 hover:bg-panel", heard ? "text-accent" : "text-muted")}
          >
            {heard ? <Volume2 size={18} /> : <VolumeX size={18} />}
          </IconButton>
        )}
        <span className="min-w-0">
          <span className="block truncate font-medium">{name}</span>
          {speech !== null && <span className="block truncate text-sm text-muted tabular-nums">{speech}</span>}
        </span>
      </div>
      <Lying player={player} className={clsx("h-11 text-accent", heard === false && "opacity-45")}>
        <span role="img" aria-label={speech === null ? name : t("recordings.player.lane", { name, speech })} className="absolute inset-0">
          {stretches(lane.present, "border-x border-line-strong/50 bg-accent-soft")}
          {lane.speech !== null && <Wave bars={lane.bars} />}
          {stretches(lane.muted, MUTED)}
          {stretches(lane.gaps, GAP)}
        </span>
      </Lying>
    </div>
  );
}

function Legend({ speaks }: { speaks: boolean }) {
  const { t } = useTranslation();
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
      {speaks && <Key look="bg-accent">{t("recordings.player.legend.speech")}</Key>}
      {!speaks && <Key look="border border-line-strong/50 bg-accent-soft">{t("recordings.player.legend.present")}</Key>}
      <Key look={clsx("border border-line-strong", MUTED)}>{t("recordings.player.legend.muted")}</Key>
      <Key look={GAP}>{t("recordings.player.legend.gap")}</Key>
    </p>
  );
}

function Key({ look, children }: { look: string; children: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden className={clsx("h-3 w-4 rounded-sm", look)} />
      {children}
    </span>
  );
}
