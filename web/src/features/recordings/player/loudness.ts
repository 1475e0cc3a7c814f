/** How loud each participant is over the whole recording, from what the server has measured. Pure. */
import type { RecordedStream, RecordingPeaks } from "../../../api/recordings";

/** `levels`: 0 to 1, one for each `stepMs` from the start of the recording on. */
export interface Loudness {
  stepMs: number;
  levels: number[];
}

const LOUDEST = 255;

/** Of one who came back there are several pieces: here they are on one timeline. Null where nothing was measured. What is known of the speaker is finer than what is known of the track. */
export function loudnessOf(userId: string, sounds: readonly RecordedStream[], peaks: RecordingPeaks | null, durationMs: number): Loudness | null {
  if (peaks === null) return null;
  const own = peaks.speakers.filter(({ user_id }) => user_id === userId);
  if (own.length > 0 && peaks.step_ms > 0) {
    const pieces = own.map(({ starts_ms, levels }) => ({ startsMs: starts_ms, levels: bytesOf(levels) }));
    return onOneTimeline(pieces, peaks.step_ms, durationMs);
  }
  const pieces = sounds.flatMap(({ stream, starts_ms }) => {
    const levels = peaks.streams.find((one) => one.stream === stream)?.levels;
    return levels === undefined ? [] : [{ startsMs: starts_ms, levels }];
  });
  return pieces.length === 0 || peaks.bucket_ms <= 0 ? null : onOneTimeline(pieces, peaks.bucket_ms, durationMs);
}

function onOneTimeline(pieces: readonly { startsMs: number; levels: ArrayLike<number> }[], stepMs: number, durationMs: number): Loudness {
  const levels = Array.from({ length: Math.ceil(durationMs / stepMs) }, () => 0);
  for (const piece of pieces) {
    const before = Math.round(piece.startsMs / stepMs);
    for (let i = 0; i < piece.levels.length && before + i < levels.length; i += 1) {
      levels[before + i] = Math.max(levels[before + i] ?? 0, (piece.levels[i] ?? 0) / LOUDEST);
    }
  }
  return { stepMs, levels };
}

function bytesOf(base64: string): number[] {
  try {
    return [...atob(base64)].map((char) => char.charCodeAt(0));
  } catch {
    return [];
  }
}
