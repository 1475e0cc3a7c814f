/** A stretch of paper with a part of the timeline on it: where one clicks or drags, the player goes. */
import clsx from "clsx";
import { useSyncExternalStore, type CSSProperties, type PointerEvent, type ReactNode } from "react";
import type { Stretch } from "../player/levels";
import { shareOf } from "../player/pages";
import type { Player } from "../player/player";

/** A name, and beside it the timeline: below each other on a phone. */
export const ROW = "grid items-center gap-x-3 gap-y-1 md:grid-cols-[11rem_1fr]";

export const wholeOf = ({ durationMs }: Player): Stretch => ({ fromMs: 0, toMs: durationMs });

export function placeOn(stretch: Stretch, page: Stretch): CSSProperties {
  const { from, length } = shareOf(stretch, page);
  return { left: `${from * 100}%`, width: `max(2px, ${length * 100}%)` };
}

interface LyingProps {
  player: Player;
  page: Stretch;
  className: string;
  children: ReactNode;
}

export function Lying({ player, page, className, children }: LyingProps) {
  function seekTo(event: PointerEvent<HTMLDivElement>): void {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - left) / width));
    // The end of a page is the beginning of the next, which would turn it under the pointer.
    if (width > 0) player.seek(page.fromMs + Math.min(share, page.toMs < player.durationMs ? 0.999 : 1) * (page.toMs - page.fromMs));
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
      <Playhead player={player} page={page} />
    </div>
  );
}

function Playhead({ player, page }: { player: Player; page: Stretch }) {
  const share = useSyncExternalStore(player.view.subscribe, () => {
    const { atMs } = player.view.get();
    return shareOf({ fromMs: atMs, toMs: atMs }, page).from;
  });
  return <span aria-hidden className="pointer-events-none absolute inset-y-0 w-0.5 -translate-x-1/2 bg-accent" style={{ left: `${share * 100}%` }} />;
}
