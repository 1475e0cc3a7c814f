/** What a track that is not where the clock is has to do about it. Pure. */

/** Nobody hears or sees less. */
export const NUDGE_FROM_MS = 15;
/** Beyond this lips and words come apart: it jumps. */
export const SEEK_FROM_MS = 80;
/** In how long a nudge makes up for what is missing. */
const CATCH_UP_MS = 1_000;
/** More is heard as another pace. */
const MOST_NUDGE = 0.06;

export interface Correction {
  /** It jumps to where it should be. */
  seek: boolean;
  rate: number;
}

/** `driftMs`: how far the track is ahead of the clock; negative: behind. */
export function correct(driftMs: number, speed: number): Correction {
  const off = Math.abs(driftMs);
  if (off > SEEK_FROM_MS) return { seek: true, rate: speed };
  if (off <= NUDGE_FROM_MS) return { seek: false, rate: speed };
  const nudge = Math.max(-MOST_NUDGE, Math.min(MOST_NUDGE, -driftMs / CATCH_UP_MS));
  return { seek: false, rate: speed * (1 + nudge) };
}
