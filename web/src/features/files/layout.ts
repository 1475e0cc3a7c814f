/** Where pictures of one message stand: one in its own shape, several in rows that fill the same width. Pure. */

/** Pixels. The widest that a picture or an album gets; less where the screen is narrower. */
export const WIDEST = 320;
export const HIGHEST = 380;
const LEAST = 96;
/** Of what is not known. */
const UNKNOWN = { width: WIDEST, height: 240 };

export interface Size {
  width: number;
  height: number;
}

/** The box of a single picture: never larger than the picture, never so thin that nobody could hit it. */
export function boxOf(width: number | null | undefined, height: number | null | undefined): Size {
  if (width == null || height == null || width <= 0 || height <= 0) return UNKNOWN;
  const scale = Math.min(1, WIDEST / width, HIGHEST / height);
  return { width: Math.max(LEAST, Math.round(width * scale)), height: Math.max(LEAST, Math.round(height * scale)) };
}

/** How many stand in each row. Long rows below, so that the last looks whole. */
export function rowsOf(count: number): number[] {
  if (count <= 2) return [count];
  if (count === 3) return [1, 2];
  if (count === 4) return [2, 2];
  const rest = count % 3;
  const threes = (n: number): number[] => Array.from({ length: n / 3 }, () => 3);
  if (rest === 0) return threes(count);
  return rest === 1 ? [2, 2, ...threes(count - 4)] : [2, ...threes(count - 2)];
}
