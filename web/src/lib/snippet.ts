/** The part of a long text that shows what was found in it. */
import type { Range } from "./search";

/** Code units before the first find, and all in all. */
const BEFORE = 40;
const LENGTH = 200;

export interface Snippet {
  text: string;
  ranges: Range[];
}

/** Where a word begins from `from` on, at the latest at `most`. */
function wordFrom(line: string, from: number, most: number): number {
  const space = line.indexOf(" ", from);
  return space === -1 || space >= most ? most : space + 1;
}

/** On one line; begins at a word. */
export function snippet(full: string, found: readonly Range[]): Snippet {
  // One space for each: the ranges stay true.
  const line = full.replace(/\s/gu, " ");
  const first = found[0]?.[0] ?? 0;
  const start = first <= BEFORE ? 0 : wordFrom(line, first - BEFORE, first);
  const ahead = start > 0 ? "… " : "";
  const end = Math.min(line.length, start + LENGTH);
  const shift = ahead.length - start;
  return {
    text: ahead + line.slice(start, end) + (end < line.length ? "…" : ""),
    ranges: found.filter(([from, to]) => from >= start && to <= end).map(([from, to]): Range => [from + shift, to + shift]),
  };
}
