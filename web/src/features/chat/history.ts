/**
 * The loaded stretch of a conversation: contiguous, anywhere in it. It grows at both ends as one scrolls, and jumps elsewhere as
 * a whole. Live messages join it only if it reaches the newest: otherwise there would be a silent hole.
 */
import type { QueryClient } from "@tanstack/react-query";
import type { Message, StoredEvent } from "../../api/types";
import { quoteOf } from "./compose";

export interface History {
  /** Ascending by `seq`, without holes. */
  messages: Message[];
  hasOlder: boolean;
  hasNewer: boolean;
}

export const keyOf = (conversationId: string) => ["messages", conversationId] as const;

/** Ascending, each once; of two states of a message the second's. */
export function merge(one: readonly Message[], other: readonly Message[]): Message[] {
  const byId = new Map([...one, ...other].map((message) => [message.id, message]));
  return [...byId.values()].sort((a, b) => a.seq - b.seq);
}

/** The message as it is now, in its place and in the replies that quote it. */
function update(history: History, message: Message): History {
  const messages = history.messages.map((old) => {
    if (old.id === message.id) return message;
    if (old.kind !== "text" || old.reply_to?.message_id !== message.id) return old;
    const gone = { text: "", attachment: null, deleted: true };
    return { ...old, reply_to: message.kind === "text" ? quoteOf(message) : { ...old.reply_to, ...gone } };
  });
  return messages.every((now, i) => now === history.messages[i]) ? history : { ...history, messages };
}

function append(history: History, message: Message): History {
  if (history.messages.some(({ id }) => id === message.id)) return history;
  const last = history.messages.at(-1);
  if (history.hasNewer && (last === undefined || last.seq < message.seq)) return history;
  return { ...history, messages: merge(history.messages, [message]) };
}

/** The oldest messages are no longer kept, and nothing quotes them. What is left begins after them. */
function erase(history: History, upTo: number): History {
  const kept = history.messages.filter(({ seq }) => seq > upTo);
  const messages = kept.map((message) => (message.kind === "text" && message.reply_to != null && message.reply_to.seq <= upTo ? { ...message, reply_to: null } : message));
  const cut = kept.length < history.messages.length;
  return cut || messages.some((now, i) => now !== kept[i]) ? { ...history, messages, hasOlder: history.hasOlder && !cut } : history;
}

/** Pure and idempotent. */
export function applyMessageEvent(conversationId: string) {
  return (history: History, event: StoredEvent): History => {
    if (event.type === "messages_erased") return event.conversation_id === conversationId ? erase(history, event.up_to) : history;
    if (event.type !== "message_created" && event.type !== "message_updated") return history;
    if (event.message.conversation_id !== conversationId) return history;
    return event.type === "message_created" ? append(history, event.message) : update(history, event.message);
  };
}

/** The newest page, joined to what is known if they touch. */
export function joinNewest(known: History | undefined, newest: History): History {
  const first = newest.messages[0];
  const last = known?.messages.at(-1);
  if (known === undefined || first === undefined || last === undefined || last.seq < first.seq) return newest;
  return { messages: merge(known.messages, newest.messages), hasOlder: known.hasOlder, hasNewer: false };
}

/** A page around a message that is known: it touches what is known. */
export function joinAround(known: History, around: History): History {
  const longer = (edge: 0 | -1): boolean => {
    const [ours, theirs] = [known.messages.at(edge)?.seq ?? 0, around.messages.at(edge)?.seq ?? 0];
    return edge === 0 ? theirs < ours : theirs > ours;
  };
  return {
    messages: merge(known.messages, around.messages),
    hasOlder: longer(0) ? around.hasOlder : known.hasOlder,
    hasNewer: longer(-1) ? around.hasNewer : known.hasNewer,
  };
}

/** More than this is not kept: a day of scrolling would grow without end. */
const MOST = 2_000;
/** What is kept of a chat that one leaves at its newest. */
const KEPT = 200;

/** An older page in front; dropped if the stretch was replaced while it was fetched. Lets go of the newest, if there are many. */
export function joinOlder(known: History, older: History, before: number): History {
  if (known.messages[0]?.seq !== before) return known;
  const messages = merge(older.messages, known.messages);
  return { messages: messages.slice(0, MOST), hasOlder: older.hasOlder, hasNewer: known.hasNewer || messages.length > MOST };
}

/** A newer page behind; likewise. */
export function joinNewer(known: History, newer: History, after: number): History {
  if (known.messages.at(-1)?.seq !== after) return known;
  const messages = merge(known.messages, newer.messages);
  return { messages: messages.slice(-MOST), hasOlder: known.hasOlder || messages.length > MOST, hasNewer: newer.hasNewer };
}

/** Lets go of the oldest; they are fetched again when one scrolls up to them. */
export function trim(history: History): History {
  if (history.messages.length <= KEPT) return history;
  return { ...history, messages: history.messages.slice(-KEPT), hasOlder: true };
}

function change(cache: QueryClient, conversationId: string, how: (history: History) => History): void {
  cache.setQueryData<History>(keyOf(conversationId), (history) => history && how(history));
}

/** For the answer to a send, which may come before its event. */
export function addMessage(cache: QueryClient, message: Message): void {
  change(cache, message.conversation_id, (history) => append(history, message));
}

/** For the answer to an edit or a deletion, likewise. */
export function updateMessage(cache: QueryClient, message: Message): void {
  change(cache, message.conversation_id, (history) => update(history, message));
}

/** Changes a loaded message at once, before or without its event. */
export function changeMessage(cache: QueryClient, conversationId: string, id: string, how: (message: Message) => Message): void {
  change(cache, conversationId, (history) => {
    const message = history.messages.find((one) => one.id === id);
    return message === undefined ? history : update(history, how(message));
  });
}

/** The last text that somebody has written, of those that are loaded. */
export function lastTextOf(cache: QueryClient, conversationId: string, userId: string): Message | undefined {
  const messages = cache.getQueryData<History>(keyOf(conversationId))?.messages ?? [];
  return messages.findLast(({ kind, sender_id }) => kind === "text" && sender_id === userId);
}
