/** The text of a message: links open, mentions stand out, those of the reader most. Nothing is ever parsed as HTML. */
import clsx from "clsx";
import { Fragment } from "react";
import { linkify } from "../../lib/links";
import { mentionPieces } from "./mentionPieces";

export interface WordsProps {
  text: string;
  /** Logins (lower case) that are mentions here, and whether they mean the reader. */
  mentioned: ReadonlyMap<string, boolean>;
  /** On the gradient. */
  own: boolean;
}

export function Words({ text, mentioned, own }: WordsProps) {
  return linkify(text).map((piece, i) =>
    piece.kind === "text" ? (
      <Fragment key={i}>
        {mentionPieces(piece.text, mentioned).map((part, j) =>
          part.kind === "text" ? (
            part.text
          ) : (
            <span
              key={j}
              className={clsx(
                "font-semibold",
                part.me ? (own ? "rounded bg-white/25 px-0.5" : "rounded bg-accent-soft px-0.5 text-accent") : own ? "underline decoration-dotted underline-offset-2" : "text-accent",
              )}
            >
              {part.text}
            </span>
          ),
        )}
      </Fragment>
    ) : (
      <a key={i} href={piece.href} target="_blank" rel="noopener noreferrer nofollow" className="underline underline-offset-2">
        {piece.text}
      </a>
    ),
  );
}
