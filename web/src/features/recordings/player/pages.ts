/** The part of the timeline that is drawn when one looks closer: pages of equal length, the one where the player is. Pure. */
import { resample, type Stretch } from "./levels";
import type { Loudness } from "./loudness";

/** A shorter page shows nothing more. */
const SHORTEST_MS = 15_000;

/** How much closer one may look; 1 alone where that is of no use. */
export function zoomsOf(durationMs: number): number[] {
  const zooms = [1];
  for (let zoom = 2; durationMs / zoom >= SHORTEST_MS; zoom *= 2) zooms.push(zoom);
  return zooms;
}

export function pageOf(atMs: number, durationMs: number, zoom: number): Stretch {
  const span = durationMs / zoom;
  const page = span > 0 ? Math.max(0, Math.min(zoom - 1, Math.floor(atMs / span))) : 0;
  return { fromMs: page * span, toMs: (page + 1) * span };
}

/** Where something is on the page, as shares of its width; it may begin before it or end behind it. */
export function shareOf({ fromMs, toMs }: Stretch, page: Stretch): { from: number; length: number } {
  const span = page.toMs - page.fromMs;
  return span > 0 ? { from: (fromMs - page.fromMs) / span, length: (toMs - fromMs) / span } : { from: 0, length: 0 };
}

/** So many bars of what is on the page. */
export function barsOn(page: Stretch, { stepMs, levels }: Loudness, count: number): number[] {
  const first = Math.floor(page.fromMs / stepMs);
  return resample(levels.slice(first, Math.max(first + 1, Math.ceil(page.toMs / stepMs))), count);
}
