/** One participant on the timeline: when they were there, spoke, were muted, showed their screen, or could not be heard. */
import clsx from "clsx";
import { Volume2, VolumeX } from "lucide-react";
import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "../../../lib/time";
import { IconButton } from "../../../ui/Button";
import { useNameOf } from "../../users";
import type { Lane } from "../player/lanes";
import { lengthOf, type Stretch } from "../player/levels";
import { barsOn } from "../player/pages";
import type { Player } from "../player/player";
import { GAP, MUTED, PRESENT, SHARED } from "./Legend";
import { Lying, placeOn, ROW } from "./Lying";
import { Wave } from "./Wave";

const BARS = 240;

export interface LaneRowProps {
  player: Player;
  /** What part of the timeline is shown. */
  page: Stretch;
  lane: Lane;
  heard: boolean | null;
  onHear(on: boolean): void;
}

export function LaneRow({ player, page, lane, heard, onHear }: LaneRowProps) {
  const { t } = useTranslation();
  const name = useNameOf()(lane.userId);
  const words = useLaneWords()(lane, name);
  const bars = useMemo(() => (lane.loudness === null ? null : barsOn(page, lane.loudness, BARS)), [lane.loudness, page]);
  const stretches = (all: readonly Stretch[], look: string): ReactNode =>
    all
      .filter(({ fromMs, toMs }) => toMs >= page.fromMs && fromMs <= page.toMs)
      .map((one) => <span key={one.fromMs} className={clsx("absolute", look)} style={placeOn(one, page)} />);
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
          {lane.speech !== null && <span className="block truncate text-sm text-muted tabular-nums">{duration(lengthOf(lane.speech))}</span>}
        </span>
      </div>
      <Lying player={player} page={page} className={clsx("h-11 text-accent", heard === false && "opacity-45")}>
        <span role="img" aria-label={words} className="absolute inset-0">
          {stretches(lane.present, PRESENT)}
          {bars !== null && <Wave bars={bars} />}
          {stretches(lane.muted, MUTED)}
          {stretches(lane.gaps, GAP)}
          {stretches(lane.shared, SHARED)}
        </span>
      </Lying>
    </div>
  );
}

/** The whole lane, for who cannot see it. */
function useLaneWords(): (lane: Lane, name: string) => string {
  const { t } = useTranslation();
  return ({ speech, muted, shared, gaps }, name) => {
    const parts = [
      ...(speech === null ? [] : [t("recordings.player.lane.speech", { length: duration(lengthOf(speech)) })]),
      ...(muted.length === 0 ? [] : [t("recordings.player.lane.muted", { length: duration(lengthOf(muted)) })]),
      ...(shared.length === 0 ? [] : [t("recordings.player.lane.shared", { length: duration(lengthOf(shared)) })]),
      ...(gaps.length === 0 ? [] : [t("recordings.player.lane.gaps", { length: duration(lengthOf(gaps)), count: gaps.length })]),
    ];
    return parts.length === 0 ? name : `${name}: ${parts.join(", ")}`;
  };
}
