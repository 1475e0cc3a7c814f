/** What the inputs of all chats share: drafts, replies and edits, who is typing. */
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useSyncExternalStore, type ReactNode } from "react";
import { useApi, useSocketListener } from "../../api/context";
import { saveDraft } from "../../api/routes";
import type { SocketListener } from "../../api/socket";
import { Compose, type Composing } from "./compose";
import { useConversations } from "./conversations";
import { Drafts, type DraftText } from "./drafts";
import { Typing } from "./typing";

export interface ComposerWorld {
  drafts: Drafts;
  compose: Compose;
  typing: Typing;
}

export const ComposerContext = createContext<ComposerWorld | null>(null);

export function ComposerProvider({ me, children }: { me: string; children: ReactNode }) {
  const { socket } = useApi();
  const composer = useMemo<ComposerWorld>(() => {
    const drafts = new Drafts(me, {
      save: (id, { text, replyTo }, leaving) => saveDraft(id, text, replyTo?.message_id ?? null, leaving),
    });
    const typing = new Typing((conversation_id) => void socket.send({ type: "typing", conversation_id }));
    return { drafts, compose: new Compose(drafts), typing };
  }, [me, socket]);
  useFeed(composer, me);
  useListedDrafts(composer.drafts);
  useEffect(() => {
    const { drafts } = composer;
    drafts.start();
    const unsubscribe = socket.state.subscribe(() => {
      if (socket.state.get().status === "online") drafts.flush();
    });
    return () => {
      unsubscribe();
      drafts.stop();
    };
  }, [composer, socket]);
  return <ComposerContext value={composer}>{children}</ComposerContext>;
}

function useFeed({ drafts, typing }: ComposerWorld, me: string): void {
  useSocketListener(
    useMemo<SocketListener>(
      () => ({
        event: (event) => {
          if (event.type === "draft_changed") drafts.take(event.conversation_id, event.draft ?? null);
          if (event.type === "messages_erased") drafts.unquote(event.conversation_id, event.up_to);
          if (event.type === "conversation_left") drafts.forget(event.conversation_id);
          if (event.type === "message_created") typing.ended(event.message.conversation_id, event.message.sender_id);
        },
        frame: (frame) => {
          if (frame.type === "typing" && frame.user_id !== me) typing.began(frame.conversation_id, frame.user_id);
        },
      }),
      [drafts, typing, me],
    ),
  );
}

/** The drafts that the server has, as the list tells them when it was fetched; later ones come as events. */
function useListedDrafts(drafts: Drafts): void {
  const { data, isFetching } = useConversations();
  const fetched = useRef(true);
  useEffect(() => {
    if (isFetching) fetched.current = true;
    if (isFetching || !fetched.current || data === undefined) return;
    fetched.current = false;
    for (const { id, draft } of data) drafts.take(id, draft ?? null);
  }, [drafts, data, isFetching]);
}

function useWorld(): ComposerWorld {
  const composer = useContext(ComposerContext);
  if (composer === null) throw new Error("an input outside of ComposerProvider");
  return composer;
}

export const useDrafts = (): Drafts => useWorld().drafts;
export const useTypingOwn = (): Typing => useWorld().typing;
/** For whoever starts a reply or an edit: does not draw anew when one starts. */
export const useCompose = (): Compose => useWorld().compose;

export function useDraft(conversationId: string): DraftText {
  const { drafts } = useWorld();
  return useSyncExternalStore(drafts.subscribe, useCallback(() => drafts.of(conversationId), [drafts, conversationId]));
}

export function useComposing(conversationId: string): Composing {
  const { compose } = useWorld();
  return useSyncExternalStore(compose.subscribe, useCallback(() => compose.of(conversationId), [compose, conversationId]));
}

/** The ids of those who are writing in it now. */
export function useTyping(conversationId: string): readonly string[] {
  const { typing } = useWorld();
  return useSyncExternalStore(typing.subscribe, useCallback(() => typing.of(conversationId), [typing, conversationId]));
}
