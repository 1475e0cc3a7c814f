/** Splits a text into plain parts and mentions. Pure. */
import type { ListedUser } from "../../api/types";

export type MentionPiece = { kind: "text"; text: string } | { kind: "mention"; text: string; me: boolean };

/** An `@` within a word is an e-mail address. */
const MENTION = /(?<![\p{L}\p{N}._@-])@([\p{L}\p{N}._-]+)/gu;
const EVERYBODY = ["all", "все"];

/** Which names are mentions in a message that the server says mentions these users, and whether they mean the reader. */
export function mentionedNames(ids: readonly string[], people: ReadonlyMap<string, Pick<ListedUser, "login">>, me: string): Map<string, boolean> {
  const names = new Map<string, boolean>();
  if (ids.length === 0) return names;
  for (const name of EVERYBODY) names.set(name, ids.includes(me));
  for (const id of ids) {
    const login = people.get(id)?.login;
    if (login !== undefined) names.set(login.toLowerCase(), id === me);
  }
  return names;
}

/** The name without the full stop that ends the sentence. */
function known(name: string, mentioned: ReadonlyMap<string, boolean>): string | undefined {
  const candidates = [name, name.replace(/[._-]+$/u, "")];
  return candidates.find((candidate) => mentioned.has(candidate.toLowerCase()));
}

export function mentionPieces(text: string, mentioned: ReadonlyMap<string, boolean>): MentionPiece[] {
  if (mentioned.size === 0) return [{ kind: "text", text }];
  const pieces: MentionPiece[] = [];
  let at = 0;
  for (const match of text.matchAll(MENTION)) {
    const name = known(match[1] ?? "", mentioned);
    if (name === undefined) continue;
    if (match.index > at) pieces.push({ kind: "text", text: text.slice(at, match.index) });
    pieces.push({ kind: "mention", text: `@${name}`, me: mentioned.get(name.toLowerCase()) === true });
    at = match.index + 1 + name.length;
  }
  if (at < text.length) pieces.push({ kind: "text", text: text.slice(at) });
  return pieces;
}
