/**
 * The list of conversations as one reader sees it, and how each event changes it. Pure; an event that is told again, or later
 * than a newer one, changes nothing: what was counted is remembered by its place until it is read.
 */
import type { Conversation, ListedConversation, Member, Message, Quote, StoredEvent } from "../../api/types";

/** A message after the server's own count, as far as unread counts care for it. */
interface Later {
  seq: number;
  /** Whether it is unread until it is read, and whether it names the reader. */
  counts: boolean;
  mentions: boolean;
  version: number;
}

/** A conversation, with what its counts were made of. */
export interface Listed extends ListedConversation {
  /** What the server counted: unread messages from `read` (exclusive) to `upTo`. */
  counted: { read: number; upTo: number; unread: number; mentions: number };
  /** Unread messages that came since, oldest first. */
  later: Later[];
  /** How far the server says that the reader has read. A page says more while its own word is on the way. */
  confirmed: number;
  /** One of the counted messages was edited or deleted since. */
  edited: boolean;
  /** Ids of the events that last changed the members and name, the draft, the muting. */
  told: { shape: number; draft: number; muted: number };
}

/** More than these are not counted, here as on the server. */
const MOST = 1_000;

export function readSeqOf({ members }: Conversation, userId: string): number {
  return members.find(({ user_id }) => user_id === userId)?.read_seq ?? 0;
}

/** Somebody else has read up to `seq`. */
export function isReadByOthers({ members }: Conversation, me: string, seq: number): boolean {
  return members.some(({ user_id, read_seq }) => user_id !== me && read_seq >= seq);
}

/** When something last happened in it. */
function touchedAt({ last_message, created_at }: Conversation): number {
  return last_message?.created_at ?? created_at;
}

export function newestFirst<T extends Conversation>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => touchedAt(b) - touchedAt(a) || (a.id < b.id ? -1 : 1));
}

/** As the server has listed it. */
export function listed(conversation: ListedConversation, me: string): Listed {
  const read = readSeqOf(conversation, me);
  const upTo = conversation.last_message?.seq ?? 0;
  return {
    ...conversation,
    counted: { read, upTo, unread: conversation.unread, mentions: conversation.unread_mentions },
    later: [],
    confirmed: read,
    edited: false,
    told: { shape: 0, draft: 0, muted: 0 },
  };
}

/** As an event or an answer tells of it. Its history is not unread: who is added to a group begins at its end. */
export function fresh(conversation: Conversation, me: string): Listed {
  return listed({ ...conversation, unread: 0, unread_mentions: 0, muted: false, draft: null }, me);
}

/** Grows as a message is edited and deleted; tells which of two tellings is the newer. */
function versionOf(message: Message): number {
  if (message.kind === "deleted") return Infinity;
  return message.kind === "text" ? (message.edited_at ?? 0) : 0;
}

/** What waits to be read, by the same rule as the server's: what somebody wrote, and calls that nobody answered. */
function waits(message: Message): boolean {
  if (message.kind === "call") return ["missed", "cancelled", "busy"].includes(message.call.outcome);
  return message.kind === "text";
}

function later(message: Message, me: string): Later {
  const counts = message.sender_id !== me && waits(message);
  const mentions = counts && message.kind === "text" && message.mentions.includes(me);
  return { seq: message.seq, counts, mentions, version: versionOf(message) };
}

/** The counts follow from what the server counted, what came since, and how far the reader is. */
function recounted(conversation: Listed, me: string): Listed {
  const read = readSeqOf(conversation, me);
  const unreadLater = conversation.later.filter(({ seq }) => seq > read);
  const before = read >= conversation.counted.upTo ? { unread: 0, mentions: 0 } : conversation.counted;
  return {
    ...conversation,
    later: unreadLater,
    unread: Math.min(MOST, before.unread + unreadLater.filter(({ counts }) => counts).length),
    unread_mentions: Math.min(MOST, before.mentions + unreadLater.filter(({ mentions }) => mentions).length),
  };
}

/** Some of what the server counted was read, edited or deleted: only it knows how many are left. */
export function isStale({ counted, confirmed, edited }: Listed): boolean {
  return counted.unread > 0 && confirmed < counted.upTo && (edited || confirmed > counted.read);
}

function withLast(conversation: Listed, message: Message): Listed {
  const last = conversation.last_message;
  const newer = last == null || message.seq > last.seq || (message.seq === last.seq && versionOf(message) >= versionOf(last));
  return newer ? { ...conversation, last_message: message } : conversation;
}

/** A message of the server's count that is another now. */
function withEdited(conversation: Listed, { seq, sender_id }: Message, me: string): Listed {
  const { read, upTo } = conversation.counted;
  return sender_id !== me && seq > read && seq <= upTo ? { ...conversation, edited: true } : conversation;
}

/** A message that is new, edited or deleted. */
function withMessage(conversation: Listed, message: Message, me: string): Listed {
  const changed = withLast(conversation, message);
  const known = changed.later.find(({ seq }) => seq === message.seq);
  const stays =
    message.seq <= changed.counted.upTo ||
    message.seq <= readSeqOf(changed, me) ||
    (known === undefined ? changed.later.length >= MOST : known.version >= versionOf(message));
  if (stays) return changed;
  const others = changed.later.filter(({ seq }) => seq !== message.seq);
  return recounted({ ...changed, later: [...others, later(message, me)].sort((a, b) => a.seq - b.seq) }, me);
}

/** Reading never goes back. */
function furthest(members: readonly Member[], known: readonly Member[]): Member[] {
  const before = new Map(known.map(({ user_id, read_seq }) => [user_id, read_seq]));
  return members.map((member) => ({ ...member, read_seq: Math.max(member.read_seq, before.get(member.user_id) ?? 0) }));
}

/** `by` has read up to `seq`; an own word that the server has not confirmed yet counts as well. */
export function withRead(conversation: Listed, by: string, seq: number, me: string): Listed {
  if (readSeqOf(conversation, by) >= seq) return conversation;
  const members = conversation.members.map((member) => (member.user_id === by ? { ...member, read_seq: seq } : member));
  const changed = { ...conversation, members };
  return by === me ? recounted(changed, me) : changed;
}

function withReadMarked(conversation: Listed, by: string, seq: number, me: string): Listed {
  const changed = withRead(conversation, by, seq, me);
  return by === me && seq > changed.confirmed ? { ...changed, confirmed: seq } : changed;
}

/** Who writes has read what was there before. */
function withSender(conversation: Listed, { kind, sender_id, seq }: Message, me: string): Listed {
  return kind === "text" ? withReadMarked(conversation, sender_id, seq, me) : conversation;
}

function withShape(known: Listed, { name, picture, members }: Conversation, eventId: number, me: string): Listed {
  if (eventId < known.told.shape) return { ...known, members: furthest(known.members, members) };
  const told = { ...known.told, shape: eventId };
  return recounted({ ...known, name, picture, members: furthest(members, known.members), told }, me);
}

/** A conversation that is here already is only told anew. */
function withConversation(list: Listed[], conversation: Conversation, eventId: number, me: string): Listed[] {
  if (!list.some(({ id }) => id === conversation.id)) {
    const added = fresh(conversation, me);
    return [...list, { ...added, told: { ...added.told, shape: eventId } }];
  }
  return list.map((known) => (known.id === conversation.id ? withShape(known, conversation, eventId, me) : known));
}

function change(list: Listed[], id: string, how: (conversation: Listed) => Listed): Listed[] {
  return list.some((known) => known.id === id) ? list.map((known) => (known.id === id ? how(known) : known)) : list;
}

/** The oldest messages are no longer kept: not as the last one, nor as what a draft or the last one replies to. */
function withErased(known: Listed, upTo: number): Listed {
  const unquoted = <T extends { reply_to?: Quote | null }>(one: T): T => (one.reply_to != null && one.reply_to.seq <= upTo ? { ...one, reply_to: null } : one);
  const { last_message: last, draft, counted } = known;
  const kept = last != null && last.seq > upTo ? (last.kind === "text" ? unquoted(last) : last) : null;
  // Of what the server counted some may be gone.
  const edited = known.edited || (upTo > counted.read && counted.unread > 0);
  return { ...known, last_message: kept, draft: draft == null ? draft : unquoted(draft), later: known.later.filter(({ seq }) => seq > upTo), edited };
}

/** What `event` makes of the list of `me`. */
export function applyConversationEvent(me: string) {
  return (list: Listed[], event: StoredEvent): Listed[] => {
    switch (event.type) {
      case "message_created":
        return newestFirst(
          change(list, event.message.conversation_id, (known) => withSender(withMessage(known, event.message, me), event.message, me)),
        );
      case "message_updated":
        return change(list, event.message.conversation_id, (known) =>
          withEdited(withMessage(known, event.message, me), event.message, me),
        );
      case "messages_erased":
        return newestFirst(change(list, event.conversation_id, (known) => recounted(withErased(known, event.up_to), me)));
      case "conversation_created":
        return newestFirst(withConversation(list, event.conversation, event.id, me));
      case "conversation_updated":
        return change(list, event.conversation.id, (known) => withShape(known, event.conversation, event.id, me));
      case "conversation_left":
        return list.filter(({ id }) => id !== event.conversation_id);
      case "read_marked":
        return change(list, event.conversation_id, (known) => withReadMarked(known, event.user_id, event.seq, me));
      case "draft_changed":
        return change(list, event.conversation_id, (known) =>
          event.id < known.told.draft ? known : { ...known, draft: event.draft ?? null, told: { ...known.told, draft: event.id } },
        );
      case "muted_changed":
        return change(list, event.conversation_id, (known) =>
          event.id < known.told.muted ? known : { ...known, muted: event.muted, told: { ...known.told, muted: event.id } },
        );
      default:
        return list;
    }
  };
}
