/**
 * From messages to what the pane shows: days, groups of one person's messages that follow each other closely, and the line above
 * what is new. Pure.
 */
import type { CallRecord, Message, Notice, Quote } from "../../api/types";
import { dayNumber } from "../../lib/time";
import type { Outgoing } from "./outbox";

export type TextMessage = Extract<Message, { kind: "text" }>;
/** `read`: by somebody else. */
export type State = "waiting" | "sent" | "read" | "failed";

interface Placed {
  key: string;
  at: number;
  /** Infinity while it is on its way: unsent messages are always the newest. */
  seq: number;
}

interface Said extends Placed {
  senderId: string;
  own: boolean;
  /** Whether it begins and ends its group. */
  first: boolean;
  last: boolean;
}

export interface TextEntry extends Said {
  kind: "text";
  text: string;
  replyTo: Quote | null;
  state: State;
  /** Once it has arrived. */
  message: TextMessage | null;
  /** Local ids of the uploads that it waits for. */
  uploads: readonly string[];
  /** Why it failed. */
  code?: string;
}

/** It was there. */
export interface DeletedEntry extends Said {
  kind: "deleted";
}

export interface CallEntry extends Placed {
  kind: "call";
  call: CallRecord;
  senderId: string;
  own: boolean;
}

export interface NoticeEntry extends Placed {
  kind: "notice";
  notice: Notice;
  senderId: string;
}

/** "New messages". */
export interface LineEntry extends Placed {
  kind: "line";
}

export type Entry = TextEntry | DeletedEntry | CallEntry | NoticeEntry | LineEntry;

export interface Day {
  at: number;
  entries: Entry[];
}

/** Whose eyes it is for. */
export interface Reader {
  me: string;
  /** The others have read up to here; one of them is enough. */
  readByOthers: number;
  /** The line stands above the first message of somebody else after this one; null for no line. */
  lineAfter: number | null;
}

/** Longer pauses begin a new group. */
const PAUSE_MS = 5 * 60_000;

function fromMessage(message: Message, { me, readByOthers }: Reader): Entry {
  const { id, seq, sender_id: senderId, created_at: at } = message;
  const own = senderId === me;
  switch (message.kind) {
    case "call":
      return { kind: "call", key: id, at, seq, senderId, call: message.call, own: message.call.caller_id === me };
    case "notice":
      return { kind: "notice", key: id, at, seq, senderId, notice: message.notice };
    case "deleted":
      return { kind: "deleted", key: id, at, seq, senderId, own, first: true, last: true };
    case "text": {
      // The bubble of a message that arrives is the one that was on its way.
      const key = own ? message.client_key : id;
      const state = seq <= readByOthers ? "read" : "sent";
      const { text, reply_to = null } = message;
      return { kind: "text", key, at, seq, senderId, own, first: true, last: true, text, replyTo: reply_to, state, message, uploads: [] };
    }
  }
}

function fromOutgoing(item: Outgoing, me: string): TextEntry {
  const { clientKey: key, createdAt: at, text, replyTo, uploads, code } = item;
  const state = item.state === "failed" ? "failed" : "waiting";
  const entry: TextEntry = { kind: "text", key, at, seq: Infinity, senderId: me, own: true, first: true, last: true, text, replyTo, state, message: null, uploads };
  return code === undefined ? entry : { ...entry, code };
}

function isSaid(entry: Entry | undefined): entry is TextEntry | DeletedEntry {
  return entry?.kind === "text" || entry?.kind === "deleted";
}

function follows(before: Entry | undefined, entry: Entry | undefined): boolean {
  if (!isSaid(before) || !isSaid(entry)) return false;
  return before.senderId === entry.senderId && entry.at - before.at < PAUSE_MS && dayNumber(before.at) === dayNumber(entry.at);
}

function withLine(entries: Entry[], after: number | null, me: string): Entry[] {
  if (after === null) return entries;
  const at = entries.findIndex((entry) => entry.seq > after && entry.kind !== "line" && entry.senderId !== me);
  const first = entries[at];
  if (first === undefined) return entries;
  // Of the same `seq`: what is shown of the one is shown of the other.
  return entries.toSpliced(at, 0, { kind: "line", key: "line", at: first.at, seq: first.seq });
}

/** What was acknowledged, then what is on its way. */
export function entriesOf(messages: readonly Message[], outgoing: readonly Outgoing[], reader: Reader): Entry[] {
  const arrived = new Set(messages.filter(({ sender_id }) => sender_id === reader.me).map(({ client_key }) => client_key));
  const entries = [
    ...messages.map((message) => fromMessage(message, reader)),
    ...outgoing.filter(({ clientKey }) => !arrived.has(clientKey)).map((item) => fromOutgoing(item, reader.me)),
  ];
  return withLine(entries, reader.lineAfter, reader.me).map((entry, i, all) =>
    isSaid(entry) ? { ...entry, first: !follows(all[i - 1], entry), last: !follows(entry, all[i + 1]) } : entry,
  );
}

export function daysOf(entries: readonly Entry[]): Day[] {
  const days: Day[] = [];
  for (const entry of entries) {
    const day = days.at(-1);
    if (day !== undefined && dayNumber(day.at) === dayNumber(entry.at)) day.entries.push(entry);
    else days.push({ at: entry.at, entries: [entry] });
  }
  return days;
}

/** The messages of others after a place, as far as they are loaded. */
export function othersAfter(messages: readonly Message[], seq: number, me: string): number {
  return messages.filter((message) => message.seq > seq && message.sender_id !== me).length;
}
