/** Loudness over time: measured while one records, drawn while one listens. Pure. */

/** Bars that a recording is sent with. */
export const BARS = 64;
const FULL = 255;

/** As many as wanted, each the loudest of its stretch. */
export function resample(levels: readonly number[], count: number): number[] {
  if (levels.length === 0) return Array.from({ length: count }, () => 0);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * levels.length) / count);
    const to = Math.max(from + 1, Math.floor(((i + 1) * levels.length) / count));
    return Math.max(...levels.slice(from, to));
  });
}

/** `levels`: 0 to 1. Base64 of one byte a bar, the loudest = 255, so that a quiet voice looks like a voice too. */
export function encode(levels: readonly number[]): string {
  const bars = resample(levels, BARS);
  const most = Math.max(...bars);
  const bytes = bars.map((level) => (most > 0 ? Math.round((level / most) * FULL) : 0));
  return btoa(String.fromCharCode(...bytes));
}

/** 0 to 1; flat for what is missing or no base64. */
export function decode(waveform: string | null | undefined, count: number): number[] {
  try {
    const levels = [...atob(waveform ?? "")].map((char) => char.charCodeAt(0) / FULL);
    return resample(levels, count);
  } catch {
    return resample([], count);
  }
}
