/** The list of one's own calls, page by page and with what has happened since. Pure. */
import type { CallEntry, CallPage, StoredEvent } from "../../../api/types";
import { dayNumber } from "../../../lib/time";
import { isMissed } from "../callWords";

export interface Pages {
  pages: CallPage[];
  pageParams: unknown[];
}

/** A call that has ended comes as a message of its conversation. The rule of its path is not told there. */
export function entryOf(event: StoredEvent): CallEntry | null {
  if (event.type !== "message_created" || event.message.kind !== "call") return null;
  const { call, conversation_id } = event.message;
  return call == null ? null : { ...call, conversation_id };
}

/** Idempotent: the same call twice is there once. */
export function withEntry(pages: CallPage[], entry: CallEntry): CallPage[] {
  const [first, ...rest] = pages;
  if (first === undefined || pages.some(({ calls }) => calls.some(({ id }) => id === entry.id))) return pages;
  const at = first.calls.findIndex(({ id }) => id < entry.id);
  const calls = [...first.calls];
  // Ids grow with the time at which a call began; one that took long is not the newest.
  if (at >= 0) calls.splice(at, 0, entry);
  else if (!first.more) calls.push(entry);
  return [{ ...first, calls }, ...rest];
}

export interface CallDay {
  /** A moment of the day. */
  at: number;
  calls: CallEntry[];
}

/** Newest first, as they come. */
export function byDay(calls: readonly CallEntry[]): CallDay[] {
  const days: CallDay[] = [];
  for (const call of calls) {
    const last = days.at(-1);
    if (last !== undefined && dayNumber(last.at) === dayNumber(call.started_at)) last.calls.push(call);
    else days.push({ at: call.started_at, calls: [call] });
  }
  return days;
}

/** Missed calls that ended after `seenAt`. */
export function countMissed(calls: readonly CallEntry[], me: string, seenAt: number): number {
  return calls.filter((call) => isMissed(call, call.caller_id === me) && call.ended_at > seenAt).length;
}
