/** One open chat: who it is with, the messages, the input. */
import { MessageCircleOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { navigate } from "../../lib/router";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/states";
import { DropZone } from "../files";
import { ChatHeader } from "./ChatHeader";
import { Composer } from "./Composer";
import { useConversation, useConversations } from "./conversations";
import { useFace } from "./face";
import type { DetailsView } from "./groups/Details";
import { MessageList } from "./MessageList";

export interface ChatPaneProps {
  conversationId: string;
  /** The message to go to. */
  seq: number | undefined;
  onBack(): void;
  /** More about it, or the search in it, is asked for. */
  onDetails(view: DetailsView): void;
}

export function ChatPane({ conversationId, seq, onBack, onDetails }: ChatPaneProps) {
  const { t } = useTranslation();
  const conversations = useConversations();
  const conversation = useConversation(conversationId);
  const face = useFace(conversation);
  const group = conversation?.kind === "group";
  const known = conversation !== undefined && face !== undefined && (group || face.peer !== undefined);
  const writable = group || face?.peer?.deactivated_at == null;

  if (conversations.isSuccess && conversation === undefined) {
    return (
      <EmptyState icon={<MessageCircleOff />} action={<Button onClick={onBack}>{t("chat.toChats")}</Button>}>
        {t("chat.notFound")}. {t("chat.notFoundDetail")}
      </EmptyState>
    );
  }
  return (
    <DropZone conversationId={conversationId} closed={!known || !writable}>
      <section
        aria-label={known ? t(group ? "chat.groupWith" : "chat.with", { name: face.name }) : undefined}
        className="flex min-h-0 flex-1 flex-col"
      >
        <ChatHeader conversation={conversation} face={known ? face : undefined} onBack={onBack} onDetails={onDetails} />
        {!known ? (
          <div role="status" aria-label={t("app.loading")} className="flex-1" />
        ) : (
          <>
            <MessageList
              conversation={conversation}
              name={face.name}
              writable={writable}
              seq={seq}
              // So that the same message can be gone to again.
              onArrived={() => navigate({ name: "chat", conversationId }, "replace")}
            />
            {writable ? (
              <Composer conversationId={conversationId} />
            ) : (
              <div className="safe-bottom border-t border-line">
                <p className="p-4 text-center text-muted">{t("chat.deactivated")}</p>
              </div>
            )}
          </>
        )}
      </section>
    </DropZone>
  );
}
