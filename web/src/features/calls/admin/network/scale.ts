/** From hours with their bytes to heights: the chart's arithmetic, without a chart. */
import type { RelayHour } from "../../../../api/types";

/** The next 1, 2 or 5 times a power of ten: half of it is a round number, too. At least 2,000 bytes, so that an idle server shows an empty chart. */
export function roundTop(most: number): number {
  const least = Math.max(most, 2_000);
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((step) => step * power >= least) ?? 10) * power;
}

export interface Bar {
  at: number;
  turnBytes: number;
  mediaBytes: number;
  /** Of the chart's height, 0 to 1; the one stands on the other. */
  turn: number;
  media: number;
}

export interface Chart {
  bars: Bar[];
  /** What the full height stands for, in bytes. */
  top: number;
}

export function chartOf(hours: readonly RelayHour[]): Chart {
  const top = roundTop(Math.max(0, ...hours.map((hour) => hour.turn_bytes + hour.media_bytes)));
  const bars = hours.map(({ at, turn_bytes: turnBytes, media_bytes: mediaBytes }) => ({
    at,
    turnBytes,
    mediaBytes,
    turn: turnBytes / top,
    media: mediaBytes / top,
  }));
  return { bars, top };
}
