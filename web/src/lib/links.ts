/** Splits a message into plain text and links. Only http, https and mailto become links; nothing is ever parsed as HTML. */
export type Piece = { kind: "text"; text: string } | { kind: "link"; text: string; href: string };

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"']+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;

const count = (text: string, char: string): number => text.split(char).length - 1;

/** Punctuation that ends a sentence is not part of the link; a closing bracket is, if it was opened within. */
function trimTail(link: string): string {
  let end = link.length;
  while (end > 0) {
    const last = link.charAt(end - 1);
    const kept = link.slice(0, end);
    const unopened = last === ")" && count(kept, ")") > count(kept, "(");
    if (!/[.,!?:;»”’\]}]/u.test(last) && !unopened) break;
    end -= 1;
  }
  return link.slice(0, end);
}

function hrefOf(link: string): string | null {
  const guess = /^https?:/iu.test(link) ? link : /^www\./iu.test(link) ? `https://${link}` : `mailto:${link}`;
  return URL.canParse(guess) ? guess : null;
}

export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimTail(match[0]);
    const href = hrefOf(link);
    if (href === null || link.length === 0) continue;
    if (match.index > at) pieces.push({ kind: "text", text: text.slice(at, match.index) });
    pieces.push({ kind: "link", text: link, href });
    at = match.index + link.length;
  }
  if (at < text.length) pieces.push({ kind: "text", text: text.slice(at) });
  return pieces;
}
