/** What officers look for in the chat, as it stands in the form, and as it is asked of the server. Pure. */
import type { ConversationQuery } from "../../../api/archive";
import { periodOf } from "../list/filter";

/** All that was typed; empty: it does not matter. */
export interface Wanted {
  q: string;
  userId: string;
  /** Days, as `YYYY-MM-DD`, both included. */
  from: string;
  to: string;
}

export const NO_WANTED: Wanted = { q: "", userId: "", from: "", to: "" };

export const isEmpty = (wanted: Wanted): boolean => Object.values(wanted).every((value: string) => value.trim() === "");

/** Something is a word only if it has a letter or a digit: the server refuses a search for anything else. */
export const hasWord = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);

export function queryOf({ q, userId, from, to }: Wanted): ConversationQuery {
  return { ...(q.trim() !== "" && { q: q.trim() }), ...(userId !== "" && { user_id: userId }), ...periodOf({ from, to }) };
}
