/**
 * The reader's place in a scrolled pane, by what stands under their eyes: whatever comes, goes or changes its height elsewhere,
 * those rows stay where they are.
 */

export interface Anchor {
  /**
   * In sight, with the distance of their lower edges from the top of the pane; the uppermost first. The lower: a row may lose
   * the space above it when the message before it turns out to be of the same group.
   */
  rows: readonly { key: string; bottom: number }[];
  scrollTop: number;
}

export const NOWHERE: Anchor = { rows: [], scrollTop: 0 };

export function rowsOf(pane: HTMLElement): HTMLElement[] {
  return [...pane.querySelectorAll<HTMLElement>("[data-key]")];
}

/** The index of the first row of which `isBelow` holds; rows are in their order. */
function firstWhere(rows: readonly HTMLElement[], isBelow: (box: DOMRect) => boolean): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && isBelow(row.getBoundingClientRect())) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What is in sight now. */
export function anchorOf(pane: HTMLElement): Anchor {
  const { top, bottom } = pane.getBoundingClientRect();
  const rows = rowsOf(pane);
  const first = firstWhere(rows, (box) => box.bottom > top);
  const end = firstWhere(rows, (box) => box.top >= bottom);
  const inSight = rows.slice(first, end).map((row) => ({ key: row.dataset["key"] ?? "", bottom: row.getBoundingClientRect().bottom - top }));
  return { rows: inSight, scrollTop: pane.scrollTop };
}

/** Scrolls so that the uppermost row that is still there stands where it stood; returns the place that was wanted. */
export function restore(pane: HTMLElement, anchor: Anchor): Anchor {
  // The reader may have scrolled on, and the event of it is still to come; at the very end it was the document that shrank.
  const atMost = pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 1;
  const scrolled = atMost ? 0 : pane.scrollTop - anchor.scrollTop;
  const wanted = anchor.rows.map(({ key, bottom }) => ({ key, bottom: bottom - scrolled }));
  const rows = new Map(rowsOf(pane).map((row) => [row.dataset["key"], row]));
  const first = wanted.find(({ key }) => rows.has(key));
  const row = first && rows.get(first.key);
  if (first !== undefined && row !== undefined) {
    const moved = row.getBoundingClientRect().bottom - pane.getBoundingClientRect().top - first.bottom;
    if (Math.abs(moved) >= 0.5) pane.scrollTop += moved;
  }
  return { rows: wanted, scrollTop: pane.scrollTop };
}

/** Of a row, so much at least must be in sight to count as seen. */
const SEEN_PX = 24;

/** The `seq` of the lowest message in sight; 0 for none. */
export function lowestSeen(pane: HTMLElement): number {
  const { bottom } = pane.getBoundingClientRect();
  const rows = rowsOf(pane);
  const end = firstWhere(rows, (box) => box.top + Math.min(box.height, SEEN_PX) > bottom + 1);
  const seqs = rows.slice(0, end).map((row) => Number(row.dataset["seq"]));
  return seqs.findLast((seq) => Number.isFinite(seq)) ?? 0;
}

/** Moves the focus to the next row, or into the rows in sight; false if it is in something that needs its keys itself. */
export function stepFocus(pane: HTMLElement, step: number): boolean {
  const focused = document.activeElement;
  const rows = rowsOf(pane).filter((row) => row.tabIndex === -1 && row.hasAttribute("tabindex"));
  if (focused === pane) {
    const { top, bottom } = pane.getBoundingClientRect();
    const inSight = rows.filter((row) => row.getBoundingClientRect().bottom > top && row.getBoundingClientRect().top < bottom);
    inSight.at(step < 0 ? -1 : 0)?.focus();
    return inSight.length > 0;
  }
  const at = rows.findIndex((row) => row === focused);
  if (at === -1) return false;
  rows[at + step]?.focus();
  return true;
}
