/** The messages of a conversation as far as they were loaded: the newest page first, older ones as one scrolls up. */
import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useApi, useSocketListener } from "../../api/context";
import { getMessages } from "../../api/routes";
import type { SocketListener } from "../../api/socket";
import type { Message, StoredEvent } from "../../api/types";

export interface History {
  /** Ascending by `seq`, without holes. */
  messages: Message[];
  hasMore: boolean;
}

const keyOf = (conversationId: string) => ["messages", conversationId] as const;

/** Ascending, each once. */
export function merge(one: readonly Message[], other: readonly Message[]): Message[] {
  const byId = new Map([...one, ...other].map((message) => [message.id, message]));
  return [...byId.values()].sort((a, b) => a.seq - b.seq);
}

/** Pure and idempotent. */
export function applyMessageEvent(conversationId: string) {
  return (history: History, event: StoredEvent): History => {
    if (event.type !== "message_created" || event.message.conversation_id !== conversationId) return history;
    if (history.messages.some(({ id }) => id === event.message.id)) return history;
    return { ...history, messages: merge(history.messages, [event.message]) };
  };
}

/** The newest page, joined to what is known if they touch: messages missed in between would otherwise be a silent hole. */
export function joinNewest(known: History | undefined, newest: History): History {
  const first = newest.messages[0];
  const last = known?.messages.at(-1);
  if (known === undefined || first === undefined || last === undefined || last.seq < first.seq) return newest;
  return { messages: merge(known.messages, newest.messages), hasMore: known.hasMore };
}

/** An older page in front; dropped if the history was replaced while it was fetched. */
export function joinOlder(known: History, older: History, before: number): History {
  if (known.messages[0]?.seq !== before) return known;
  return { messages: merge(older.messages, known.messages), hasMore: older.hasMore };
}

/** A chat that is open all day would grow without end: past the first number, only the second is kept. */
const MOST = 400;
const KEPT = 200;

/** Lets go of the oldest; they are fetched again when one scrolls up to them. */
export function trim(history: History): History {
  if (history.messages.length <= MOST) return history;
  return { messages: history.messages.slice(-KEPT), hasMore: true };
}

async function page(conversationId: string, before: number | null, signal?: AbortSignal): Promise<History> {
  const { messages, more } = await getMessages(conversationId, before === null ? {} : { before }, signal);
  return { messages: merge(messages, []), hasMore: more };
}

export function useHistory(conversationId: string) {
  const { log } = useApi();
  const cache = useQueryClient();
  const query = useQuery({
    queryKey: keyOf(conversationId),
    queryFn: ({ signal }) =>
      log.fetch(
        async () => joinNewest(cache.getQueryData<History>(keyOf(conversationId)), await page(conversationId, null, signal)),
        applyMessageEvent(conversationId),
      ),
    staleTime: Infinity,
  });
  return { query, older: useOlder(conversationId, cache) };
}

export interface Older {
  state: "idle" | "loading" | "failed";
  load(): Promise<void>;
  /** For when nobody looks at them: see `trim`. */
  forget(): void;
}

function useOlder(conversationId: string, cache: QueryClient): Older {
  const [state, setState] = useState<Older["state"]>("idle");
  const load = useCallback(async () => {
    const known = cache.getQueryData<History>(keyOf(conversationId));
    const before = known?.messages[0]?.seq;
    if (known?.hasMore !== true || before === undefined) return;
    setState("loading");
    try {
      const older = await page(conversationId, before);
      cache.setQueryData<History>(keyOf(conversationId), (now) => now && joinOlder(now, older, before));
      setState("idle");
    } catch {
      setState("failed");
    }
  }, [cache, conversationId]);
  const forget = useCallback(
    () => void cache.setQueryData<History>(keyOf(conversationId), (history) => history && trim(history)),
    [cache, conversationId],
  );
  return { state, load, forget };
}

/** Feeds all loaded histories from the socket. Mounted once. */
export function useHistoryFeed(): void {
  const cache = useQueryClient();
  useSocketListener(
    useMemo<SocketListener>(
      () => ({
        event: (event) => {
          if (event.type === "message_created") addMessage(cache, event.message);
        },
        reset: () => void cache.invalidateQueries({ queryKey: ["messages"] }),
      }),
      [cache],
    ),
  );
}

/** Also used for the answer to a send, which may come before its event. */
export function addMessage(cache: QueryClient, message: Message): void {
  const apply = applyMessageEvent(message.conversation_id);
  cache.setQueryData<History>(
    keyOf(message.conversation_id),
    (history) => history && apply(history, { id: message.seq, type: "message_created", message }),
  );
}

/** Changes a loaded message at once, before or without its event. */
export function changeMessage(cache: QueryClient, conversationId: string, id: string, change: (message: Message) => Message): void {
  cache.setQueryData<History>(
    keyOf(conversationId),
    (history) =>
      history && { ...history, messages: history.messages.map((message) => (message.id === id ? change(message) : message)) },
  );
}

/** The last text that somebody has written, of those that are loaded. */
export function lastTextOf(cache: QueryClient, conversationId: string, userId: string): Message | undefined {
  const messages = cache.getQueryData<History>(keyOf(conversationId))?.messages ?? [];
  return messages.findLast(({ kind, sender_id }) => kind === "text" && sender_id === userId);
}
