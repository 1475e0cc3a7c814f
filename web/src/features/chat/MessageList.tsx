/** The messages of a chat. Kept by the reader's place: see useScroll. */
import { ChevronDown, Hand } from "lucide-react";
import { useCallback, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../api/http";
import type { User } from "../../api/types";
import { dayNumber, dayOf } from "../../lib/time";
import { useNow } from "../../lib/useNow";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { useMe } from "../users";
import { useOutgoing } from "./context";
import { DayEntries } from "./DayEntries";
import { useHistory, type History, type Older } from "./history";
import { NewMessageVoice } from "./NewMessageVoice";
import { timeline } from "./timeline";
import { useScroll } from "./useScroll";

export function MessageList({ conversationId, peer }: { conversationId: string; peer: User }) {
  const { t } = useTranslation();
  const { query, older } = useHistory(conversationId);
  if (query.data !== undefined) {
    return <Messages conversationId={conversationId} peer={peer} history={query.data} older={older} />;
  }
  if (query.isPending) return <SkeletonMessages label={t("app.loading")} />;
  return (
    <ErrorState
      title={t("app.failed")}
      detail={t("app.failedDetail", { code: codeOf(query.error) })}
      retry={t("app.retry")}
      onRetry={() => void query.refetch()}
    />
  );
}

interface MessagesProps {
  conversationId: string;
  peer: User;
  history: History;
  older: Older;
}

function Messages({ conversationId, peer, history, older: { state, load, forget } }: MessagesProps) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const outgoing = useOutgoing(conversationId);
  const now = useNow(60_000);
  const { messages, hasMore } = history;
  const days = useMemo(() => timeline(messages, outgoing, me.id), [messages, outgoing, me.id]);
  const onNearTop = useCallback(() => {
    if (hasMore && state === "idle") void load();
  }, [hasMore, state, load]);

  const last = days.at(-1)?.entries.at(-1);
  const { pane, atEnd, fresh, onScroll, toEnd } = useScroll({
    first: days[0]?.entries[0]?.key,
    last: last?.key,
    lastIsOwn: last?.own === true,
    count: days.reduce((sum, day) => sum + day.entries.length, 0),
    onNearTop,
  });

  useEffect(() => {
    if (atEnd) forget();
  }, [atEnd, messages, forget]);

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={pane}
        onScroll={onScroll}
        role="log"
        // New messages are announced by NewMessageVoice; loading older ones must not be read out.
        aria-live="off"
        aria-label={t("chat.messages", { name: peer.name })}
        tabIndex={0}
        className="flex min-h-0 flex-1 flex-col overflow-x-hidden overflow-y-auto overscroll-contain px-3 pb-2 outline-offset-[-3px] [overflow-anchor:none] md:px-6"
      >
        <span className="mt-auto" />
        <Beginning hasMore={hasMore} state={state} empty={days.length === 0} onRetry={() => void load()} />
        {days.map((day) => {
          const name = dayOf(i18n.language, day.at, now);
          const words = name === "today" ? t("chat.today") : name === "yesterday" ? t("chat.yesterday") : name;
          return <DayEntries key={dayNumber(day.at)} day={day} name={words} peer={peer} />;
        })}
      </div>
      {!atEnd && <JumpButton fresh={fresh} onClick={toEnd} />}
      <NewMessageVoice last={last} name={peer.name} />
    </div>
  );
}

/** What stands above the oldest message. */
function Beginning({ hasMore, state, empty, onRetry }: { hasMore: boolean; state: Older["state"]; empty: boolean; onRetry: () => void }) {
  const { t } = useTranslation();
  if (empty) return <EmptyState icon={<Hand />}>{t("chat.empty")}</EmptyState>;
  if (state === "failed") {
    return (
      <button type="button" onClick={onRetry} className="min-h-11 text-sm text-accent underline">
        {t("chat.olderFailed")}
      </button>
    );
  }
  return <p className="py-3 text-center text-sm text-muted">{hasMore ? t("chat.older") : t("chat.beginning")}</p>;
}

function JumpButton({ fresh, onClick }: { fresh: number; onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      onClick={onClick}
      aria-label={fresh > 0 ? t("chat.newMessages", { count: fresh }) : t("chat.toNewest")}
      title={t("chat.toNewest")}
      className="absolute right-4 bottom-3 flex h-11 min-w-11 animate-rise items-center justify-center gap-1 rounded-full border border-line bg-raised px-2.5 shadow-big"
    >
      {fresh > 0 && <span className="text-sm font-semibold text-accent tabular-nums">{fresh}</span>}
      <ChevronDown size={22} aria-hidden />
    </button>
  );
}

function SkeletonMessages({ label }: { label: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-1 flex-col justify-end gap-3 px-3 pb-4 md:px-6">
      <Skeleton className="h-10 w-48 rounded-[18px]" />
      <Skeleton className="h-16 w-72 max-w-[80%] rounded-[18px]" />
      <Skeleton className="h-10 w-56 self-end rounded-[18px]" />
      <Skeleton className="h-10 w-40 rounded-[18px]" />
      <Skeleton className="h-16 w-64 self-end rounded-[18px]" />
    </div>
  );
}
