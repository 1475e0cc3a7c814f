/** Naming members of a group in a text: what is being typed, who it may mean, and what is written for them. */
import type { User } from "../../api/types";
import { matches } from "../../lib/search";

/** The `@…` before the caret: where it begins, and what follows the sign. */
export interface Mentioning {
  from: number;
  query: string;
}

/** Nobody's name or login is longer than what one types of it. */
const LONGEST_QUERY = 40;

/** An `@` within a word is an e-mail address. */
const MENTION = new RegExp(`(?<![\\p{L}\\p{N}._-])@([^\\s@]{0,${LONGEST_QUERY}})$`, "u");

export function mentioningAt(text: string, caret: number): Mentioning | null {
  const found = MENTION.exec(text.slice(0, caret));
  return found === null ? null : { from: found.index, query: found[1] ?? "" };
}

/** Everybody, or one member. */
export type Candidate = { kind: "all" } | { kind: "user"; user: User };

/** `@all` is always understood, whatever the language of the page. */
const ALL = ["all", "everyone", "все", "всем"];
const MOST = 30;

export function candidates(query: string, members: readonly User[]): Candidate[] {
  const users = members
    .filter(({ name, login, deactivated_at }) => deactivated_at == null && (query === "" || matches(query, name, login)))
    .map((user): Candidate => ({ kind: "user", user }));
  const all: Candidate[] = query === "" || matches(query, ...ALL) ? [{ kind: "all" }] : [];
  // Whoever types a name means a person; who typed only the sign sees first what cannot be guessed.
  return (query === "" ? [...all, ...users] : [...users, ...all]).slice(0, MOST);
}
