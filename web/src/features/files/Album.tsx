/** The pictures of one message, in boxes whose size is known before they come: nothing jumps. */
import type { ReactNode } from "react";
import { boxOf, rowsOf, WIDEST, type Size } from "./layout";

export interface Framed {
  key: string;
  width: number | null | undefined;
  height: number | null | undefined;
  /** `cover`: cut to a cell of the grid; else in its own shape. */
  picture(cover: boolean): ReactNode;
}

/** Shape of the cells in a row of so many. */
const SHAPES = ["aspect-[2/1]", "aspect-[2/1]", "aspect-[6/5]", "aspect-square"];
const COLUMNS = ["", "grid-cols-1", "grid-cols-2", "grid-cols-3"];

export function Album({ framed }: { framed: readonly Framed[] }) {
  const [first] = framed;
  if (first === undefined) return null;
  if (framed.length === 1) {
    return (
      <Box size={boxOf(first.width, first.height)}>
        {first.picture(false)}
      </Box>
    );
  }
  const rows = rowsOf(framed.length);
  return (
    <div className="flex max-w-full flex-col gap-0.5 overflow-hidden rounded-xl" style={{ width: WIDEST }}>
      {rows.map((columns, row) => {
        const from = rows.slice(0, row).reduce((sum, n) => sum + n, 0);
        return (
          <div key={from} className={`grid gap-0.5 ${COLUMNS[columns] ?? ""}`}>
            {framed.slice(from, from + columns).map(({ key, picture }) => (
              <div key={key} className={`relative overflow-hidden ${SHAPES[columns] ?? ""}`}>
                {picture(true)}
              </div>
            ))}
          </div>
        );
      })}
    </div>
  );
}

export function Box({ size: { width, height }, children }: { size: Size; children: ReactNode }) {
  return (
    <div className="relative max-w-full overflow-hidden rounded-xl" style={{ width, aspectRatio: `${width} / ${height}` }}>
      {children}
    </div>
  );
}
