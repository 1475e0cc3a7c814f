/** How long a recording is kept, in the units in which rules name it. */

export interface Span {
  unit: "days" | "months" | "years";
  count: number;
}

export interface Preset extends Span {
  days: number;
}

/** What regulators ask for. A span is never shorter than in the calendar, whichever leap years fall into it. */
export const PRESETS: readonly Preset[] = [
  { unit: "months", count: 6, days: 184 },
  { unit: "years", count: 3, days: 1_096 },
  { unit: "years", count: 5, days: 1_827 },
  { unit: "years", count: 7, days: 2_557 },
];

/** Whole years, with or without their leap days, and the presets by their names; everything else is so many days. */
export function spanOf(days: number): Span {
  const preset = PRESETS.find((one) => one.days === days);
  if (preset !== undefined) return { unit: preset.unit, count: preset.count };
  const years = Math.round(days / 365.25);
  const whole = [365 * years, Math.floor(365.25 * years), Math.ceil(365.25 * years)];
  return years > 0 && whole.includes(days) ? { unit: "years", count: years } : { unit: "days", count: days };
}
