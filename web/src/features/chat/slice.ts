/**
 * Which of the loaded entries are in the document. They stand there in normal flow, each at its true height, so that nothing is
 * ever guessed: the document has one stretch of them that moves along as one scrolls. Pure.
 */

/** At most so many entries in the document. A screen shows about twenty. */
export const MOST = 140;
/** So many come and go at once. */
const STEP = 40;

/** By `seq`, so that it means the same when entries come in front. */
export type Slice =
  /** The newest, also when more come. */
  | { at: "end" }
  | { at: "around"; seq: number }
  /** `to`: null for the end. */
  | { at: "between"; from: number; to: number | null };

interface Placed {
  seq: number;
}

export interface Cut {
  start: number;
  /** Not included. */
  end: number;
}

export function cut(entries: readonly Placed[], slice: Slice): Cut {
  const count = entries.length;
  const place = (seq: number): number => {
    const found = entries.findIndex((entry) => entry.seq >= seq);
    return found === -1 ? count : found;
  };
  switch (slice.at) {
    case "end":
      return { start: Math.max(0, count - MOST), end: count };
    case "around": {
      const start = Math.max(0, Math.min(place(slice.seq), count) - MOST / 2);
      return { start, end: Math.min(count, start + MOST) };
    }
    case "between": {
      const start = place(slice.from);
      const { to } = slice;
      const last = to === null ? count - 1 : entries.findLastIndex((entry) => entry.seq <= to);
      return { start, end: Math.max(start, last + 1) };
    }
  }
}

function between(entries: readonly Placed[], { start, end }: Cut): Slice {
  const to = entries[end - 1]?.seq ?? Infinity;
  // What is on its way has no place yet; it is the end.
  return { at: "between", from: entries[start]?.seq ?? 0, to: end >= entries.length || to === Infinity ? null : to };
}

/** Some more in front, and if there are too many, some fewer behind; null if nothing is in front. */
export function earlier(entries: readonly Placed[], now: Cut): Slice | null {
  if (now.start === 0) return null;
  const start = Math.max(0, now.start - STEP);
  return between(entries, { start, end: Math.min(now.end, start + MOST) });
}

/** Some more behind; null if nothing is. */
export function later(entries: readonly Placed[], now: Cut): Slice | null {
  if (now.end >= entries.length) return null;
  const end = Math.min(entries.length, now.end + STEP);
  return between(entries, { start: Math.max(now.start, end - MOST), end });
}
