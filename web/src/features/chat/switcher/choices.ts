/** What the switcher offers: chats, and people one has no chat with yet. Pure. */
import type { ListedConversation } from "../../../api/types";
import { fold } from "../../../lib/search";
import { faceOf, type Face, type People } from "../face";
import { findByName } from "../search/findByName";

export interface Choice {
  /** The conversation's, or the person's. */
  id: string;
  kind: "chat" | "person";
  face: Face;
  unread: number;
}

/** More than these are not looked through: one types another letter. */
const MOST = 30;

const chatOf = (me: string, people: People) => (conversation: ListedConversation): Choice => ({
  id: conversation.id,
  kind: "chat",
  face: faceOf(conversation, me, people),
  unread: conversation.muted ? conversation.unread_mentions : conversation.unread,
});

/** Before anything is typed: what is unread, then what was used last; the open one is no choice. */
function atFirst(chats: readonly Choice[], openId: string | null): Choice[] {
  const others = chats.filter(({ id }) => id !== openId);
  return [...others.filter(({ unread }) => unread > 0), ...others.filter(({ unread }) => unread === 0)];
}

/** `conversations` newest first. */
export function choices(query: string, me: string, conversations: readonly ListedConversation[], people: People, openId: string | null): Choice[] {
  if (query.trim() === "") {
    const used = conversations.filter(({ kind, last_message }) => kind === "group" || last_message != null);
    return atFirst(used.map(chatOf(me, people)), openId).slice(0, MOST);
  }
  const { chats, others } = findByName(query, me, conversations, people);
  const found = chats.map(chatOf(me, people));
  // Who begins so comes before who has it in the middle.
  const begins = ({ face }: Choice): number => Number(!fold(face.name).startsWith(fold(query)));
  return [
    ...found.sort((a, b) => begins(a) - begins(b)),
    ...others.map((peer): Choice => ({ id: peer.id, kind: "person", face: { id: peer.id, name: peer.name, picture: peer.picture ?? null, peer }, unread: 0 })),
  ].slice(0, MOST);
}

/** The chat `step` places from the open one in the list; from none, the first. Null at the ends. */
export function neighbour(ids: readonly string[], openId: string | null, step: 1 | -1): string | null {
  const at = openId === null ? -1 : ids.indexOf(openId);
  return at === -1 ? (ids[0] ?? null) : (ids[at + step] ?? null);
}
