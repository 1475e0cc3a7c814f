/** The outbox of the signed-in user, and the feeds of this feature. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { useApi, useSocketListener } from "../../api/context";
import { codeOf } from "../../api/http";
import { sendMessage } from "../../api/routes";
import type { SocketListener } from "../../api/socket";
import type { Message } from "../../api/types";
import { useStore } from "../../lib/useStore";
import { useUploads, type Uploads } from "../files";
import { SESSION_KEY } from "../users";
import { ComposerProvider } from "./ComposerContext";
import { useConversationsFeed } from "./conversations";
import { addMessage } from "./history";
import { Outbox, type Outgoing } from "./outbox";
import { browserPages } from "./pages";
import { useHistoryFeed } from "./useHistory";

const OutboxContext = createContext<Outbox | null>(null);

export function ChatProvider({ me, children }: { me: string; children: ReactNode }) {
  const { socket } = useApi();
  const cache = useQueryClient();
  const uploads = useUploads();
  const [pages] = useState(browserPages);
  const outbox = useMemo(
    () =>
      new Outbox(me, {
        send: (item) => sendOutgoing(item, uploads),
        gone: (item, arrived) => (arrived ? uploads.release(item.uploads) : item.uploads.forEach((id) => uploads.discard(id))),
        sent: (message) => addMessage(cache, message),
        signedOut: () => void cache.invalidateQueries({ queryKey: SESSION_KEY }),
        pages,
      }),
    [me, cache, uploads, pages],
  );
  useConversationsFeed(me);
  useHistoryFeed();

  useSocketListener(
    useMemo<SocketListener>(
      () => ({
        event: (event) => {
          if (event.type === "message_created" && event.message.sender_id === me) outbox.confirm(event.message.client_key);
        },
      }),
      [outbox, me],
    ),
  );

  useEffect(() => {
    outbox.start();
    void uploads.keepOnly(new Set(outbox.items.get().flatMap((item) => item.uploads)));
    const forget = uploads.onDiscard((id) => outbox.dropUpload(id));
    const unsubscribe = socket.state.subscribe(() => {
      const { status } = socket.state.get();
      if (status === "online" || status === "polling") outbox.flush();
    });
    return () => {
      unsubscribe();
      forget();
      outbox.stop();
    };
  }, [outbox, uploads, socket]);

  return (
    <OutboxContext value={outbox}>
      <ComposerProvider me={me}>{children}</ComposerProvider>
    </OutboxContext>
  );
}

/** What a server answers that has swept an upload which waited too long, or a part of it. */
const SWEPT = new Set(["not_found", "upload_incomplete"]);

/** The files first: the message names them. */
async function sendOutgoing({ conversationId, clientKey, text, replyTo, uploads: ids }: Outgoing, uploads: Uploads): Promise<Message> {
  const attachment_ids = await uploads.attachmentIds(ids);
  try {
    return await sendMessage(conversationId, { client_key: clientKey, text, reply_to: replyTo?.message_id ?? null, attachment_ids });
  } catch (error) {
    if (attachment_ids.length > 0 && SWEPT.has(codeOf(error))) uploads.renew(ids);
    throw error;
  }
}

export function useOutbox(): Outbox {
  const outbox = useContext(OutboxContext);
  if (outbox === null) throw new Error("useOutbox outside of ChatProvider");
  return outbox;
}

export function useOutgoing(conversationId: string): readonly Outgoing[] {
  const items = useStore(useOutbox().items);
  return useMemo(() => items.filter((item) => item.conversationId === conversationId), [items, conversationId]);
}

export { useCompose, useComposing, useTyping } from "./ComposerContext";
