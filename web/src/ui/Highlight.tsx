/** A text with the places that were looked for. */
import { Fragment } from "react";
import { foundIn, type Range } from "../lib/search";

/** `ranges` of code units, ascending; without them, where `query` is found. */
export function Highlight({ text, query, ranges }: { text: string; query?: string; ranges?: readonly Range[] }) {
  const marks = ranges ?? (query === undefined ? [] : foundIn(query, text));
  const starts = [0, ...marks.map(([, end]) => end)];
  return (
    <>
      {starts.map((start, i) => {
        const mark = marks[i];
        return (
          <Fragment key={start}>
            {text.slice(start, mark?.[0])}
            {mark !== undefined && <mark className="rounded-sm bg-mark text-text">{text.slice(...mark)}</mark>}
          </Fragment>
        );
      })}
    </>
  );
}
