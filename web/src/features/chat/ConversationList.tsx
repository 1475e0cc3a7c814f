/** The chats, newest first. */
import { MessageCircle } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../api/http";
import { useNow } from "../../lib/useNow";
import { useStore } from "../../lib/useStore";
import { Button } from "../../ui/Button";
import { EmptyState, ErrorState, SkeletonRows } from "../../ui/states";
import { seenOf, useMe, usePresences, useUsers } from "../users";
import { useOutbox } from "./context";
import { ConversationRow } from "./ConversationRow";
import { useConversations } from "./conversations";
import { faceOf, usePeople } from "./face";

export interface ConversationListProps {
  /** The open one. */
  openId: string | null;
  onOpen(conversationId: string): void;
  onFindPeople(): void;
}

export function ConversationList({ openId, onOpen, onFindPeople }: ConversationListProps) {
  const { t } = useTranslation();
  const me = useMe();
  const conversations = useConversations();
  const users = useUsers();
  const people = usePeople();
  const presences = usePresences();
  const now = useNow(60_000);
  const items = useStore(useOutbox().items);
  const outgoing = useMemo(() => new Map(items.map((item) => [item.conversationId, item])), [items]);
  if (conversations.isPending || users.isPending) return <SkeletonRows label={t("app.loading")} />;
  const failed = conversations.data === undefined ? conversations.error : users.data === undefined ? users.error : null;
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
  // A chat with somebody that was opened and never written in is noise, unless it is open now or has a draft.
  const shown = (conversations.data ?? []).filter(
    ({ id, kind, last_message, draft }) => kind === "group" || last_message != null || draft != null || id === openId || outgoing.has(id),
  );
  if (shown.length === 0) {
    return (
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
      {shown.map((conversation) => {
        const { peer } = faceOf(conversation, me.id, people);
        return (
          <ConversationRow
            key={conversation.id}
            conversation={conversation}
            people={people}
            presence={peer === undefined ? "offline" : seenOf(peer, presences).presence}
            outgoing={outgoing.get(conversation.id)}
            query=""
            now={now}
            open={conversation.id === openId}
            onOpen={onOpen}
          />
        );
      })}
    </ul>
  );
}
