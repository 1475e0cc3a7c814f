/** The list of conversations, kept current by events. What an event does to it is in listing.ts. */
import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { useApi, useSocketListener } from "../../api/context";
import { getConversations, markRead, openDirect, setMuted } from "../../api/routes";
import type { SocketListener } from "../../api/socket";
import type { Conversation, ListedConversation } from "../../api/types";
import { useMe } from "../users";
import { applyConversationEvent, isStale, listed, newestFirst, readSeqOf, withRead, type Listed } from "./listing";

export { isReadByOthers, readSeqOf } from "./listing";

const KEY = ["conversations"] as const;

/** Counts that only the server knows are asked for at most this often. */
const RECOUNT_MS = 1_000;

/** What the page has marked as read stays read, though the server may not know it yet. */
function keepReads(fetched: Listed[], before: Listed[] | undefined, me: string): Listed[] {
  const reads = new Map((before ?? []).map((known) => [known.id, readSeqOf(known, me)]));
  return fetched.map((conversation) => withRead(conversation, me, reads.get(conversation.id) ?? 0, me));
}

export function useConversations() {
  const { log } = useApi();
  const cache = useQueryClient();
  const { id: me } = useMe();
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<Listed[]> => {
      const load = async (): Promise<Listed[]> => newestFirst(await getConversations()).map((one) => listed(one, me));
      const fetched = await log.fetch(load, applyConversationEvent(me));
      return keepReads(fetched, cache.getQueryData<Listed[]>(KEY), me);
    },
    staleTime: Infinity,
  });
}

/** Undefined while the list loads, and if there is none. */
export function useConversation(id: string | undefined): ListedConversation | undefined {
  const { data } = useConversations();
  return useMemo(() => data?.find((conversation) => conversation.id === id), [data, id]);
}

/** What calls for attention: unread messages; of muted conversations only those that name the reader. */
export function useUnreadTotal(): number {
  const { data } = useConversations();
  return useMemo(() => (data ?? []).reduce((sum, { muted, unread, unread_mentions }) => sum + (muted ? unread_mentions : unread), 0), [data]);
}

/** The other member of a direct conversation; in one with oneself, oneself. */
export function otherMember(conversation: Conversation, me: string): string {
  return conversation.members.find(({ user_id }) => user_id !== me)?.user_id ?? me;
}

function change(cache: QueryClient, id: string, how: (conversation: Listed) => Listed): void {
  cache.setQueryData<Listed[]>(KEY, (list) => list?.map((known) => (known.id === id ? how(known) : known)));
}

/** Shows everything up to `seq` as read at once; telling the server is the caller's. */
export function useMarkReadLocally(): (conversationId: string, seq: number) => void {
  const cache = useQueryClient();
  const { id: me } = useMe();
  return useCallback((id, seq) => change(cache, id, (known) => withRead(known, me, seq, me)), [cache, me]);
}

/** Reads everything that a conversation has. */
export function useMarkAllRead() {
  const locally = useMarkReadLocally();
  return useMutation({
    mutationFn: async ({ id, last_message }: Conversation) => {
      if (last_message == null) return;
      locally(id, last_message.seq);
      await markRead(id, last_message.seq);
    },
  });
}

/** Shown at once, and taken back if the server refuses. */
export function useSetMuted() {
  const cache = useQueryClient();
  const show = (id: string, muted: boolean): void => change(cache, id, (known) => ({ ...known, muted }));
  return useMutation({
    mutationFn: ({ id, muted }: { id: string; muted: boolean }) => setMuted(id, muted),
    onMutate: ({ id, muted }) => show(id, muted),
    onError: (_, { id, muted }) => show(id, !muted),
  });
}

/** Puts the server's answer about a conversation into the list without waiting for its event. */
export function useTakeConversation(): (conversation: Conversation) => void {
  const cache = useQueryClient();
  const { id: me } = useMe();
  return useCallback(
    (conversation) =>
      cache.setQueryData<Listed[]>(
        KEY,
        (list) => list && applyConversationEvent(me)(list, { id: 0, type: "conversation_created", conversation }),
      ),
    [cache, me],
  );
}

/** Finds or makes the direct conversation with somebody. */
export function useOpenDirect() {
  const take = useTakeConversation();
  return useMutation({ mutationFn: openDirect, onSuccess: take });
}

/** Feeds the list from the socket. Mounted once. */
export function useConversationsFeed(me: string): void {
  const cache = useQueryClient();
  const recount = useRecount(cache);
  useSocketListener(
    useMemo<SocketListener>(() => {
      const apply = applyConversationEvent(me);
      return {
        event: (event) => {
          const list = cache.setQueryData<Listed[]>(KEY, (known) => known && apply(known, event));
          if (list?.some(isStale) === true) recount();
        },
        reset: () => void cache.invalidateQueries({ queryKey: KEY }),
      };
    }, [cache, me, recount]),
  );
}

/** Fetches the list anew, a moment later and once for many calls. */
function useRecount(cache: QueryClient): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void cache.invalidateQueries({ queryKey: KEY });
    }, RECOUNT_MS);
  }, [cache]);
}
