/** Fetches the stretches of a conversation and keeps them current. */
import { notifyManager, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useApi, useSocketListener } from "../../api/context";
import type { EventLog } from "../../api/live";
import { getMessages, type Stretch } from "../../api/routes";
import type { SocketListener } from "../../api/socket";
import { applyMessageEvent, joinAround, joinNewer, joinNewest, joinOlder, keyOf, merge, trim, type History } from "./history";

/** How the fetching at one end of the stretch goes. */
export type Edge = "idle" | "loading" | "failed";

export interface Stretches {
  older: Edge;
  newer: Edge;
  loadOlder(): Promise<void>;
  loadNewer(): Promise<void>;
  /** Replaces the stretch by the one around a message; false if that failed. */
  jump(seq: number): Promise<boolean>;
  /** Replaces it by the newest, unless it reaches them. */
  newest(): Promise<boolean>;
}

/** A page as it is when its answer has come, with the events that came meanwhile. */
function page(log: EventLog, id: string, stretch: Stretch, signal?: AbortSignal): Promise<History> {
  return log.fetch(async () => {
    const { messages, more, more_after } = await getMessages(id, stretch, signal);
    const at = (edge: "before" | "after", said: boolean): boolean => (stretch[edge] === undefined ? said : true);
    // What was asked for before or after a message touches that message, whatever the server says of this end.
    return { messages: merge(messages, []), hasOlder: at("after", more), hasNewer: at("before", more_after) };
  }, applyMessageEvent(id));
}

/** `around`: where to begin if nothing is loaded yet; null for the newest. */
export function useHistory(conversationId: string, around: number | null) {
  const { log } = useApi();
  const cache = useQueryClient();
  const query = useQuery({
    queryKey: keyOf(conversationId),
    queryFn: async ({ signal }) => {
      const known = cache.getQueryData<History>(keyOf(conversationId));
      if (known === undefined && around !== null) return page(log, conversationId, { around }, signal);
      // Fetched anew because events may have been missed: a stretch further up stays where it is.
      const middle = known?.messages[Math.floor(known.messages.length / 2)];
      if (known?.hasNewer === true && middle !== undefined) {
        return joinAround(known, await page(log, conversationId, { around: middle.seq }, signal));
      }
      return joinNewest(known, await page(log, conversationId, {}, signal));
    },
    staleTime: Infinity,
  });
  useEffect(() => () => leave(cache, conversationId), [cache, conversationId]);
  return { query, stretches: useStretches(conversationId, cache, log) };
}

/** A chat is opened again at its newest, however far up one left it. */
function leave(cache: QueryClient, conversationId: string): void {
  const history = cache.getQueryData<History>(keyOf(conversationId));
  if (history === undefined) return;
  if (history.hasNewer) cache.removeQueries({ queryKey: keyOf(conversationId) });
  else cache.setQueryData(keyOf(conversationId), trim(history));
}

/** After the screen has been told of what was fetched: else it would ask for the next page before it shows this one. */
const afterwards = (then: () => void): void => notifyManager.schedule(then);

function useStretches(conversationId: string, cache: QueryClient, log: EventLog): Stretches {
  const [older, setOlder] = useState<Edge>("idle");
  const [newer, setNewer] = useState<Edge>("idle");
  const key = useMemo(() => keyOf(conversationId), [conversationId]);

  const loadOlder = useCallback(async () => {
    const known = cache.getQueryData<History>(key);
    const before = known?.messages[0]?.seq;
    if (known?.hasOlder !== true || before === undefined) return;
    setOlder("loading");
    try {
      const fetched = await page(log, conversationId, { before });
      cache.setQueryData<History>(key, (now) => now && joinOlder(now, fetched, before));
      afterwards(() => setOlder("idle"));
    } catch {
      setOlder("failed");
    }
  }, [cache, key, log, conversationId]);

  const loadNewer = useCallback(async () => {
    const known = cache.getQueryData<History>(key);
    const after = known?.messages.at(-1)?.seq;
    if (known?.hasNewer !== true || after === undefined) return;
    setNewer("loading");
    try {
      const fetched = await page(log, conversationId, { after });
      cache.setQueryData<History>(key, (now) => now && joinNewer(now, fetched, after));
      afterwards(() => setNewer("idle"));
    } catch {
      setNewer("failed");
    }
  }, [cache, key, log, conversationId]);

  const replace = useCallback(
    async (stretch: Stretch) => {
      try {
        const fetched = await page(log, conversationId, stretch);
        await cache.cancelQueries({ queryKey: key });
        cache.setQueryData<History>(key, fetched);
        afterwards(() => {
          setOlder("idle");
          setNewer("idle");
        });
        return true;
      } catch {
        return false;
      }
    },
    [cache, key, log, conversationId],
  );
  const jump = useCallback((seq: number) => replace({ around: seq }), [replace]);
  const newest = useCallback(
    async () => cache.getQueryData<History>(key)?.hasNewer === false || (await replace({})),
    [cache, key, replace],
  );

  return useMemo(
    () => ({ older, newer, loadOlder, loadNewer, jump, newest }),
    [older, newer, loadOlder, loadNewer, jump, newest],
  );
}

/** Feeds all loaded stretches from the socket. Mounted once. */
export function useHistoryFeed(): void {
  const cache = useQueryClient();
  useSocketListener(
    useMemo<SocketListener>(
      () => ({
        event: (event) => {
          const erased = event.type === "messages_erased";
          if (!erased && event.type !== "message_created" && event.type !== "message_updated") return;
          const id = erased ? event.conversation_id : event.message.conversation_id;
          cache.setQueryData<History>(keyOf(id), (history) => history && applyMessageEvent(id)(history, event));
        },
        reset: () => void cache.invalidateQueries({ queryKey: ["messages"] }),
      }),
      [cache],
    ),
  );
}
