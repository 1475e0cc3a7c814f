/** Loudness over time: what is drawn, and when somebody speaks. Pure. */

export interface Stretch {
  fromMs: number;
  toMs: number;
}

/** As many bars as wanted, each the loudest of its stretch. */
export function resample(levels: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * levels.length) / count);
    const to = Math.max(from + 1, Math.floor(((i + 1) * levels.length) / count));
    return Math.max(0, ...levels.slice(from, to));
  });
}

/** On the whole timeline: nothing before the track begins or after its end. `levels`: 0 to 1, one for each `bucketMs`. */
export function onTimeline(levels: readonly number[], bucketMs: number, startsMs: number, durationMs: number, count: number): number[] {
  const before = Math.max(0, Math.round(startsMs / bucketMs));
  const whole = Math.max(1, Math.ceil(durationMs / bucketMs));
  const all = Array.from({ length: whole }, (_, i) => levels[i - before] ?? 0);
  return resample(all, count);
}

/** Of the loudest; a room's noise stays below. */
const SPEECH_SHARE = 0.12;
const SPEECH_LEAST = 0.01;
/** A shorter silence is a breath. */
const BREATH_MS = 600;
/** Something shorter is a knock. */
const WORD_MS = 150;

/** When somebody speaks, by the timeline. */
export function speechOf(levels: readonly number[], bucketMs: number, startsMs: number): Stretch[] {
  const threshold = Math.max(SPEECH_LEAST, Math.max(0, ...levels) * SPEECH_SHARE);
  const found: Stretch[] = [];
  levels.forEach((level, i) => {
    if (level < threshold) return;
    const fromMs = startsMs + i * bucketMs;
    const last = found.at(-1);
    if (last !== undefined && fromMs - last.toMs <= BREATH_MS) last.toMs = fromMs + bucketMs;
    else found.push({ fromMs, toMs: fromMs + bucketMs });
  });
  return found.filter(({ fromMs, toMs }) => toMs - fromMs >= WORD_MS);
}

export function lengthOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}
