/** Dates and durations in the reader's language. Formatters are costly to make and are kept per locale. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** The reader's own variety of the language, if the browser names one: en-GB has 24 hours where en has 12. */
function regional(language: string): string {
  return navigator.languages.find((known) => known.split("-")[0] === language) ?? language;
}

function format(language: string, at: number, options: Intl.DateTimeFormatOptions): string {
  const locale = regional(language);
  const key = locale + JSON.stringify(options);
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(locale, options);
    formatters.set(key, formatter);
  }
  return formatter.format(at);
}

export function clock(locale: string, at: number): string {
  return format(locale, at, { hour: "2-digit", minute: "2-digit" });
}

export function fullDate(locale: string, at: number): string {
  return format(locale, at, { dateStyle: "full", timeStyle: "short" });
}

/** Where many stand below each other. */
export function mediumDate(locale: string, at: number): string {
  return format(locale, at, { dateStyle: "medium", timeStyle: "short" });
}

export function fullDay(locale: string, at: number): string {
  return format(locale, at, { dateStyle: "full" });
}

/** A day in as few words as leave no doubt. */
export function shortDay(locale: string, at: number): string {
  return format(locale, at, { dateStyle: "medium" });
}

/** A moment in as few words as leave no doubt. */
export function shortDate(locale: string, at: number): string {
  return format(locale, at, { dateStyle: "medium", timeStyle: "short" });
}

/** Days since the epoch in local time: equal for two moments of one day. */
export function dayNumber(at: number): number {
  const date = new Date(at);
  return Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}

/** "today" and "yesterday" are words of i18n; other days are dates. */
export function dayOf(locale: string, at: number, now: number): "today" | "yesterday" | (string & {}) {
  const days = dayNumber(now) - dayNumber(at);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(locale, at, { day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) });
}

/** For list rows: the time today, the weekday this week, else the date. */
export function shortWhen(locale: string, at: number, now: number): string {
  const days = dayNumber(now) - dayNumber(at);
  if (days <= 0) return clock(locale, at);
  if (days < 7) return format(locale, at, { weekday: "short" });
  return format(locale, at, { day: "2-digit", month: "2-digit", year: "2-digit" });
}

/** `m:ss`, or `h:mm:ss` from an hour on. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
