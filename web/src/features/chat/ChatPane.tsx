/** One open chat: who it is with, the messages, the input. */
import { ArrowLeft, MessageCircleOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { User } from "../../api/types";
import { useIsPhone } from "../../lib/useMedia";
import { useNow } from "../../lib/useNow";
import { Avatar } from "../../ui/Avatar";
import { Button, IconButton } from "../../ui/Button";
import { EmptyState, Skeleton } from "../../ui/states";
import { CallButtons } from "../calls";
import { RoleBadge, useMe, usePresence, usePresenceWords, useUser } from "../users";
import { Composer } from "./Composer";
import { otherMember, useConversations } from "./conversations";
import { MessageList } from "./MessageList";
import { useTypingWords } from "./typingWords";

export interface ChatPaneProps {
  conversationId: string;
  onBack(): void;
}

export function ChatPane({ conversationId, onBack }: ChatPaneProps) {
  const { t } = useTranslation();
  const me = useMe();
  const conversations = useConversations();
  const conversation = conversations.data?.find(({ id }) => id === conversationId);
  const peer = useUser(conversation && otherMember(conversation, me.id));

  if (conversations.isSuccess && conversation === undefined) {
    return (
      <EmptyState icon={<MessageCircleOff />} action={<Button onClick={onBack}>{t("chat.toChats")}</Button>}>
        {t("chat.notFound")}. {t("chat.notFoundDetail")}
      </EmptyState>
    );
  }
  return (
    <section aria-label={peer && t("chat.with", { name: peer.name })} className="flex min-h-0 flex-1 flex-col">
      <ChatHeader conversationId={conversationId} peer={peer} onBack={onBack} />
      {peer === undefined ? (
        <div role="status" aria-label={t("app.loading")} className="flex-1" />
      ) : (
        <>
          <MessageList conversationId={conversationId} peer={peer} />
          {peer.deactivated_at == null ? (
            <Composer conversationId={conversationId} />
          ) : (
            <div className="safe-bottom border-t border-line">
              <p className="p-4 text-center text-muted">{t("chat.deactivated")}</p>
            </div>
          )}
        </>
      )}
    </section>
  );
}

function ChatHeader({ conversationId, peer, onBack }: { conversationId: string; peer: User | undefined; onBack: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const seen = usePresence(peer?.id);
  const presenceWords = usePresenceWords();
  const now = useNow(60_000);
  const typing = useTypingWords(conversationId);
  // On a phone this is the whole screen.
  const Title = useIsPhone() ? "h1" : "h2";
  const callable = peer !== undefined && peer.id !== me.id && peer.deactivated_at == null;
  return (
    <header className="safe-top safe-x shrink-0 border-line bg-gradient-header text-white md:border-b md:bg-page md:bg-none md:text-text">
      <div className="flex h-14 items-center gap-2 px-1 md:h-16 md:gap-3 md:px-4">
        <IconButton label={t("app.back")} onClick={onBack} className="hover:bg-white/15 md:hidden">
          <ArrowLeft size={24} />
        </IconButton>
        {peer === undefined ? (
          <Skeleton className="h-6 w-40" />
        ) : (
          <>
            <Avatar id={peer.id} name={peer.name} size="md" presence={seen.presence} className="rounded-full max-md:ring-2 max-md:ring-white/80" />
            <div className="min-w-0 flex-1">
              <Title className="flex items-center gap-2 text-base font-semibold">
                <span className="truncate">{peer.name}</span>
                <span className="min-w-0 shrink-[999] truncate max-md:hidden">
                  <RoleBadge role={peer.role} />
                </span>
              </Title>
              <p className="truncate text-sm text-white md:text-muted">{typing ?? presenceWords(peer, seen, now)}
                {peer.role !== "employee" && <span className="md:hidden"> · {t(`role.${peer.role}`)}</span>}
              </p>
            </div>
          </>
        )}
        {callable && <CallButtons peerId={peer.id} className="hover:bg-white/15 md:text-accent md:hover:bg-accent-soft" />}
      </div>
    </header>
  );
}
