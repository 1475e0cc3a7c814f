/** From messages to what the pane shows: days, and groups of one person's messages that follow each other closely. Pure. */
import type { Message } from "../../api/types";
import { dayNumber } from "../../lib/time";
import type { Outgoing } from "./outbox";

export type State = "waiting" | "sent" | "failed";

export interface TextEntry {
  kind: "text";
  key: string;
  at: number;
  senderId: string;
  text: string;
  own: boolean;
  state: State;
  /** Why it failed. */
  code?: string;
  /** Whether it begins and ends its group. */
  first: boolean;
  last: boolean;
}

export interface CallEntry {
  kind: "call";
  key: string;
  at: number;
  call: Extract<Message, { kind: "call" }>["call"];
  own: boolean;
}

export type Entry = TextEntry | CallEntry;

export interface Day {
  at: number;
  entries: Entry[];
}

/** Longer pauses begin a new group. */
const PAUSE_MS = 5 * 60_000;

function fromMessage(message: Message, me: string): Entry {
  const own = message.sender_id === me;
  const base = { key: message.client_key || message.id, at: message.created_at, own };
  if (message.kind === "call") return { ...base, key: message.id, kind: "call", call: message.call, own: message.call.caller_id === me };
  return { ...base, kind: "text", senderId: message.sender_id, text: message.kind === "text" ? message.text : "", state: "sent", first: true, last: true };
}

function fromOutgoing(item: Outgoing, me: string): Entry {
  return {
    kind: "text",
    key: item.clientKey,
    at: item.createdAt,
    senderId: me,
    text: item.text,
    own: true,
    state: item.state === "failed" ? "failed" : "waiting",
    ...(item.code === undefined ? {} : { code: item.code }),
    first: true,
    last: true,
  };
}

function follows(before: Entry | undefined, entry: Entry): boolean {
  if (before?.kind !== "text" || entry.kind !== "text") return false;
  return before.senderId === entry.senderId && entry.at - before.at < PAUSE_MS && dayNumber(before.at) === dayNumber(entry.at);
}

/** What was acknowledged, then what is on its way: unsent messages are always the newest. */
export function timeline(messages: readonly Message[], outgoing: readonly Outgoing[], me: string): Day[] {
  const arrived = new Set(messages.filter(({ sender_id }) => sender_id === me).map(({ client_key }) => client_key));
  const entries = [
    ...messages.map((message) => fromMessage(message, me)),
    ...outgoing.filter(({ clientKey }) => !arrived.has(clientKey)).map((item) => fromOutgoing(item, me)),
  ];
  const days: Day[] = [];
  entries.forEach((entry, i) => {
    const before = entries[i - 1];
    const after = entries[i + 1];
    const shown =
      entry.kind === "text"
        ? { ...entry, first: !follows(before, entry), last: after === undefined || !follows(entry, after) }
        : entry;
    const day = days.at(-1);
    if (day !== undefined && dayNumber(day.at) === dayNumber(entry.at)) day.entries.push(shown);
    else days.push({ at: entry.at, entries: [shown] });
  });
  return days;
}
