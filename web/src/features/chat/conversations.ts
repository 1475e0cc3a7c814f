/** The list of conversations, kept current by events. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi, useSocketListener } from "../../api/context";
import { getConversations, openDirect } from "../../api/routes";
import type { SocketListener } from "../../api/socket";
import type { Conversation, Message, StoredEvent } from "../../api/types";

const KEY = ["conversations"] as const;

/** When something last happened in it. */
function touchedAt({ last_message, created_at }: Conversation): number {
  return last_message?.created_at ?? created_at;
}

function newestFirst(list: Conversation[]): Conversation[] {
  return [...list].sort((a, b) => touchedAt(b) - touchedAt(a));
}

function withMessage(list: Conversation[], message: Message): Conversation[] {
  const changed = list.map((conversation) =>
    conversation.id === message.conversation_id && (conversation.last_message?.seq ?? 0) < message.seq
      ? { ...conversation, last_message: message }
      : conversation,
  );
  return newestFirst(changed);
}

/** Pure and idempotent. */
export function applyConversationEvent(list: Conversation[], event: StoredEvent): Conversation[] {
  switch (event.type) {
    case "conversation_created":
      return list.some(({ id }) => id === event.conversation.id) ? list : newestFirst([event.conversation, ...list]);
    case "message_created":
      return withMessage(list, event.message);
    default:
      return list;
  }
}

export function useConversations() {
  const { log } = useApi();
  return useQuery({
    queryKey: KEY,
    queryFn: () => log.fetch(async () => newestFirst(await getConversations()), applyConversationEvent),
    staleTime: Infinity,
  });
}

/** The other member of a direct conversation; in one with oneself, oneself. */
export function otherMember(conversation: Conversation, me: string): string {
  return conversation.members.find(({ user_id }) => user_id !== me)?.user_id ?? me;
}

/** Finds or makes the direct conversation with somebody. */
export function useOpenDirect() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: openDirect,
    onSuccess: (conversation) =>
      cache.setQueryData<Conversation[]>(
        KEY,
        (list) => list && applyConversationEvent(list, { id: 0, type: "conversation_created", conversation }),
      ),
  });
}

/** Feeds the list from the socket. Mounted once. */
export function useConversationsFeed(): void {
  const cache = useQueryClient();
  useSocketListener(
    useMemo<SocketListener>(
      () => ({
        event: (event) =>
          void cache.setQueryData<Conversation[]>(KEY, (list) => list && applyConversationEvent(list, event)),
        reset: () => void cache.invalidateQueries({ queryKey: KEY }),
      }),
      [cache],
    ),
  );
}
