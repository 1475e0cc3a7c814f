/** The messages of a chat. Kept by the reader's place: see useScroll. */
import { ChevronDown, Hand } from "lucide-react";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../api/http";
import type { ListedConversation } from "../../api/types";
import { dayNumber, dayOf } from "../../lib/time";
import { useNow } from "../../lib/useNow";
import { useVisible } from "../../lib/useVisible";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { useMe } from "../users";
import { stepFocus } from "./anchor";
import { useOutgoing } from "./context";
import { otherMember } from "./conversations";
import { DayEntries } from "./DayEntries";
import type { History } from "./history";
import { NewMessageVoice } from "./NewMessageVoice";
import { TimelineProvider } from "./TimelineContext";
import { daysOf, entriesOf } from "./timeline";
import { useHistory, type Edge, type Stretches } from "./useHistory";
import { useMessageMenu } from "./useMessageMenu";
import { lineAtOpening, useNewLine, useReading } from "./useReading";
import { useScroll, type Target } from "./useScroll";

export interface MessageListProps {
  conversation: ListedConversation;
  name: string;
  /** Whether the reader may write here. */
  writable: boolean;
  /** The message to go to. */
  seq: number | undefined;
  /** It was gone to, or could not be. */
  onArrived(): void;
}

export function MessageList(props: MessageListProps) {
  const { t } = useTranslation();
  const me = useMe();
  const { conversation, seq } = props;
  // Where the chat was opened; what happens later does not move it.
  const [begin] = useState<Target>(() => {
    const line = lineAtOpening(conversation, me.id);
    return seq !== undefined ? { at: "message", seq } : line !== null ? { at: "line", seq: line } : { at: "end" };
  });
  const { query, stretches } = useHistory(conversation.id, begin.at === "end" ? null : begin.seq);
  if (query.data !== undefined) return <Messages {...props} begin={begin} history={query.data} stretches={stretches} />;
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

interface MessagesProps extends MessageListProps {
  begin: Target;
  history: History;
  stretches: Stretches;
}

/** How far the furthest of the others has read. */
function readByOthers({ members }: ListedConversation, me: string): number {
  return Math.max(0, ...members.filter(({ user_id }) => user_id !== me).map(({ read_seq }) => read_seq));
}

function useEntries(conversation: ListedConversation, { messages, hasOlder }: History, watching: boolean) {
  const { id: me } = useMe();
  const outgoing = useOutgoing(conversation.id);
  const line = useNewLine(conversation, messages, watching);
  // Above the first message that is loaded nobody knows whether it is the first that is new.
  const placed = line.after !== null && (!hasOlder || (messages[0]?.seq ?? 0) <= line.after);
  const lineAfter = placed ? line.after : null;
  const read = readByOthers(conversation, me);
  const entries = useMemo(
    () => entriesOf(messages, outgoing, { me, readByOthers: read, lineAfter }),
    [messages, outgoing, me, read, lineAfter],
  );
  return { entries, clearLine: line.clear, lastWritten: outgoing.at(-1)?.createdAt ?? 0 };
}

function Messages({ conversation, name, writable, seq, onArrived, begin, history, stretches }: MessagesProps) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const now = useNow(60_000);
  const visible = useVisible();
  const onSeen = useReading(conversation);
  const [end, setEnd] = useState(begin.at === "end");
  const { entries, clearLine, lastWritten } = useEntries(conversation, history, end && visible);
  const { hasOlder, hasNewer } = history;
  const { pane, content, shown, fromStart, toLast, atEnd, marked, onScroll, toEnd, jump } = useScroll({
    entries,
    hasOlder,
    hasNewer,
    stretches,
    begin,
    onSeen,
  });
  if (end !== atEnd) setEnd(atEnd);

  // Whoever writes looks at what they wrote.
  const wrote = useEffectEvent(() => {
    clearLine();
    void toEnd();
  });
  const known = useRef(lastWritten);
  useEffect(() => {
    if (lastWritten <= known.current) return;
    known.current = lastWritten;
    wrote();
  }, [lastWritten]);

  const go = useCallback((to: number) => void jump(to).then((there) => !there && toast.error(t("chat.jumpFailed"))), [jump, t]);
  const arrive = useEffectEvent((to: number) => {
    go(to);
    onArrived();
  });
  useEffect(() => {
    if (seq !== undefined) arrive(seq);
  }, [seq]);

  const { menu, key, element } = useMessageMenu(conversation, writable);
  const group = conversation.kind === "group";
  const actions = useMemo(() => ({ group, jump: go, menu, key }), [group, go, menu, key]);
  const days = useMemo(() => daysOf(shown), [shown]);

  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step !== undefined && pane.current !== null && stepFocus(pane.current, step)) event.preventDefault();
  }

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={pane}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        role="log"
        // New messages are announced by NewMessageVoice; loading older ones must not be read out.
        aria-live="off"
        aria-label={t("chat.messages", { name })}
        tabIndex={0}
        className="flex min-h-0 flex-1 flex-col overflow-x-hidden overflow-y-auto overscroll-contain outline-offset-[-3px] [overflow-anchor:none]"
      >
        <div ref={content} className="mt-auto flex flex-col px-3 pb-2 md:px-6">
          <Beginning hasMore={hasOlder || !fromStart} state={stretches.older} empty={entries.length === 0} onRetry={() => void stretches.loadOlder()} />
          <TimelineProvider value={actions}>
            {days.map((day) => {
              const when = dayOf(i18n.language, day.at, now);
              const words = when === "today" ? t("chat.today") : when === "yesterday" ? t("chat.yesterday") : when;
              const peerId = group ? undefined : otherMember(conversation, me.id);
              return <DayEntries key={dayNumber(day.at)} day={day} name={words} peerId={peerId} marked={marked} />;
            })}
          </TimelineProvider>
          {toLast && hasNewer && <NewerEdge state={stretches.newer} onRetry={() => void stretches.loadNewer()} />}
        </div>
      </div>
      {!atEnd && <JumpButton fresh={conversation.unread} onClick={() => void toEnd()} />}
      <NewMessageVoice last={entries.at(-1)} />
      {element}
    </div>
  );
}

/** What stands above the oldest message. */
function Beginning({ hasMore, state, empty, onRetry }: { hasMore: boolean; state: Edge; empty: boolean; onRetry: () => void }) {
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

/** What stands below the newest that is loaded, where there are newer ones. */
function NewerEdge({ state, onRetry }: { state: Edge; onRetry: () => void }) {
  const { t } = useTranslation();
  if (state !== "failed") return <p className="py-3 text-center text-sm text-muted">{t("chat.newer")}</p>;
  return (
    <button type="button" onClick={onRetry} className="min-h-11 text-sm text-accent underline">
      {t("chat.newerFailed")}
    </button>
  );
}

function JumpButton({ fresh, onClick }: { fresh: number; onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      onClick={onClick}
      aria-label={fresh > 0 ? t("chat.newMessages", { count: fresh }) : t("chat.toNewest")}
      title={t("chat.toNewest")}
      className="absolute right-4 bottom-3 flex h-11 min-w-11 animate-rise items-center justify-center rounded-full border border-line bg-raised shadow-big"
    >
      {fresh > 0 && (
        <span className="absolute -top-2 grid h-5 min-w-5 place-items-center rounded-full bg-gradient-own px-1.5 text-xs font-semibold text-white tabular-nums">
          {fresh > 999 ? "999+" : fresh}
        </span>
      )}
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
