/** Chats and people by their names. Pure. */
import type { ListedConversation, ListedUser } from "../../../api/types";
import { matches } from "../../../lib/search";
import { otherMember } from "../conversations";
import { faceOf, type People } from "../face";

/** Chats by name, and those of the staff who have none with `me` yet. */
export function findByName(query: string, me: string, conversations: readonly ListedConversation[], people: People) {
  const chats = conversations.filter((conversation) => {
    const { name, peer } = faceOf(conversation, me, people);
    return matches(query, name, peer?.login ?? "");
  });
  const known = new Set(conversations.filter(({ kind }) => kind === "direct").map((direct) => otherMember(direct, me)));
  const others: ListedUser[] = [...people.values()]
    .filter(({ id, name, login, deactivated_at }) => id !== me && deactivated_at == null && !known.has(id) && matches(query, name, login))
    .sort((a, b) => a.name.localeCompare(b.name));
  return { chats, others };
}
