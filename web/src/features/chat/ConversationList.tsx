/** The chats, newest first, filtered by the other's name. */
import { MessageCircle, UserRoundSearch } from "lucide-react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../api/http";
import { matches } from "../../lib/search";
import { useNow } from "../../lib/useNow";
import { Button } from "../../ui/Button";
import { EmptyState, ErrorState, SkeletonRows } from "../../ui/states";
import { seenOf, useMe, usePresences, useUsers } from "../users";
import { ConversationRow } from "./ConversationRow";
import { otherMember, useConversations } from "./conversations";

export interface ConversationListProps {
  query: string;
  /** The open one. */
  openId: string | null;
  onOpen(conversationId: string): void;
  onFindPeople(): void;
}

export function ConversationList({ query, openId, onOpen, onFindPeople }: ConversationListProps) {
  const { t } = useTranslation();
  const me = useMe();
  const conversations = useConversations();
  const users = useUsers();
  const presences = usePresences();
  const now = useNow(60_000);
  if (conversations.isPending || users.isPending) return <SkeletonRows label={t("app.loading")} />;
  const failed = conversations.error ?? users.error;
  if (failed !== null) {
    return (
      <ErrorState
        title={t("app.failed")}
        detail={t("app.failedDetail", { code: codeOf(failed) })}
        retry={t("app.retry")}
        onRetry={() => {
          void conversations.refetch();
          void users.refetch();
        }}
      />
    );
  }
  const byId = new Map((users.data ?? []).map((user) => [user.id, user]));
  const rows = (conversations.data ?? []).map((conversation) => ({
    conversation,
    peer: byId.get(otherMember(conversation, me.id)),
  }));
  // A chat that was opened and never written in is noise, unless it is open now.
  const used = rows.filter(({ conversation: { id, last_message } }) => last_message != null || id === openId);
  const shown = used.filter(({ peer }) => peer === undefined || matches(query, peer.name, peer.login));
  if (shown.length === 0) {
    return query.trim() !== "" ? (
      <EmptyState icon={<UserRoundSearch />} action={<Button onClick={onFindPeople}>{t("chat.toPeople")}</Button>}>
        {t("people.notFound", { query: query.trim() })}
      </EmptyState>
    ) : (
      <EmptyState
        icon={<MessageCircle />}
        action={
          <Button look="primary" onClick={onFindPeople}>
            {t("chat.toPeople")}
          </Button>
        }
      >
        {t("chat.none")}
      </EmptyState>
    );
  }
  return (
    <ul aria-label={t("chat.chats")} className="flex flex-col px-2 py-1">
      {shown.map(({ conversation, peer }) => (
        <ConversationRow
          key={conversation.id}
          conversation={conversation}
          peer={peer}
          presence={peer === undefined ? "offline" : seenOf(peer, presences).presence}
          now={now}
          open={conversation.id === openId}
          onOpen={() => onOpen(conversation.id)}
        />
      ))}
    </ul>
  );
}
