/** How far an upload is, as a ring around its cancel button; turns slowly while nothing moves. */
import clsx from "clsx";

const RADIUS = 20;
const LENGTH = 2 * Math.PI * RADIUS;
/** A ring that shows nothing looks broken. */
const LEAST = 0.04;

export interface ProgressRingProps {
  label: string;
  /** 0 to 1. */
  value: number;
  stalled: boolean;
  className?: string;
}

export function ProgressRing({ label, value, stalled, className }: ProgressRingProps) {
  return (
    <svg
      viewBox="0 0 44 44"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(value * 100)}
      className={clsx("-rotate-90", stalled && "animate-pulse-soft", className)}
    >
      <circle cx={22} cy={22} r={RADIUS} fill="none" stroke="currentColor" strokeWidth={3} opacity={0.25} />
      <circle
        cx={22}
        cy={22}
        r={RADIUS}
        fill="none"
        stroke="currentColor"
        strokeWidth={3}
        strokeLinecap="round"
        strokeDasharray={LENGTH}
        strokeDashoffset={LENGTH * (1 - Math.max(LEAST, Math.min(1, value)))}
        className="transition-[stroke-dashoffset]"
      />
    </svg>
  );
}
