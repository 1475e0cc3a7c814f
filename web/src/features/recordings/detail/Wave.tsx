/** Loudness as thin bars, as wide as its place. */
import { memo } from "react";

/** The path of bars around the middle line; a silent one is a dot. */
export function wavePath(bars: readonly number[]): string {
  return bars.map((level, i) => `M${i + 0.5} ${(50 - half(level)).toFixed(1)}V${(50 + half(level)).toFixed(1)}`).join("");
}

const half = (level: number): number => Math.max(1, Math.min(1, level) * 46);

export const Wave = memo(function Wave({ bars }: { bars: readonly number[] }) {
  return (
    <svg aria-hidden="true" viewBox={`0 0 ${bars.length} 100`} preserveAspectRatio="none" className="absolute inset-0 size-full">
      <path d={wavePath(bars)} stroke="currentColor" strokeWidth="2" strokeLinecap="round" vectorEffect="non-scaling-stroke" fill="none" />
    </svg>
  );
});
