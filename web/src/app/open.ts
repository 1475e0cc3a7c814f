/** Ways into a chat. */
import { useCallback } from "react";
import { toast } from "sonner";
import { codeOf } from "../api/http";
import { useOpenDirect } from "../features/chat";
import { useErrorWords } from "../i18n/errorWords";
import { navigate } from "../lib/router";

export const openChat = (conversationId: string): void => navigate({ name: "chat", conversationId });

/** The direct chat with somebody, made if there is none. */
export function useOpenPerson(): (userId: string) => void {
  const words = useErrorWords();
  const { mutate } = useOpenDirect();
  return useCallback(
    (userId) =>
      mutate(userId, {
        onSuccess: ({ id }) => openChat(id),
        onError: (error) => void toast.error(words(codeOf(error))),
      }),
    [mutate, words],
  );
}
