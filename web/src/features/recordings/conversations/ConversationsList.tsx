/** Conversations and messages, found by what they are searched by, and what is on hold of them. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Download, MessagesSquare, SearchX } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { getArchivedConversations } from "../../../api/archive";
import { useDebounced } from "../../../lib/useDebounced";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { Field } from "../../../ui/Field";
import { SearchField } from "../../../ui/SearchField";
import { SelectField } from "../../../ui/SelectField";
import { EmptyState, ErrorState, SkeletonRows } from "../../../ui/states";
import { useStaffOptions } from "../../users";
import { ExportForm } from "../exports/ExportForm";
import { AllHoldsCard } from "./AllHoldsCard";
import { ConversationRow } from "./ConversationRow";
import { MessageHits } from "./MessageHits";
import { hasWord, isEmpty, NO_WANTED, queryOf, type Wanted } from "./wanted";

const LIMIT = 50;
const TYPING_MS = 400;

export interface ConversationsListProps {
  wanted: Wanted;
  onWanted(wanted: Wanted): void;
}

export function ConversationsList({ wanted, onWanted }: ConversationsListProps) {
  const { t } = useTranslation();
  const settled = useDebounced(wanted, TYPING_MS);
  const query = queryOf(settled);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const list = useInfiniteQuery({
    queryKey: ["archive", query],
    queryFn: ({ pageParam }) => getArchivedConversations({ ...query, limit: LIMIT, ...(pageParam !== null && { before: pageParam }) }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.more ? (page.conversations.at(-1)?.last_seq ?? null) : null),
    // Whoever opens it wants what is there now.
    gcTime: 0,
  });
  const conversations = list.data?.pages.flatMap((page) => page.conversations) ?? [];
  const choose = (id: string, on: boolean): void => setChosen((before) => new Set(on ? [...before, id] : [...before].filter((other) => other !== id)));
  return (
    <>
      <Card title={t("archive.title")} note={t("archive.note")}>
        <Filters wanted={wanted} onChange={onWanted} />
        {list.isPending && <SkeletonRows label={t("app.loading")} count={5} />}
        {list.isError && (
          <ErrorState title={t("app.failed")} detail={t("app.failedDetail", { code: codeOf(list.error) })} retry={t("app.retry")} onRetry={() => void list.refetch()} />
        )}
        {list.isSuccess && conversations.length === 0 && hasWord(settled.q) && <p className="text-sm text-muted">{t("archive.noName")}</p>}
        {list.isSuccess && conversations.length === 0 && !hasWord(settled.q) && (
          <EmptyState icon={isEmpty(settled) ? <MessagesSquare /> : <SearchX />}>{t(isEmpty(settled) ? "archive.none" : "archive.notFound")}</EmptyState>
        )}
        {conversations.length > 0 && (
          <ul aria-label={t("archive.title")} className="-mx-3 mt-1 divide-y divide-line border-t border-line">
            {conversations.map((conversation) => (
              <ConversationRow key={conversation.id} conversation={conversation} chosen={chosen.has(conversation.id)} onChoose={(on) => choose(conversation.id, on)} />
            ))}
          </ul>
        )}
        {list.hasNextPage && (
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()} className="mt-3">
            {t("archive.more")}
          </Button>
        )}
        {chosen.size > 0 && <ChosenBar ids={[...chosen]} onClear={() => setChosen(new Set())} />}
      </Card>
      {hasWord(settled.q) && <MessageHits wanted={settled} />}
      <AllHoldsCard />
    </>
  );
}

function Filters({ wanted, onChange }: { wanted: Wanted; onChange: (wanted: Wanted) => void }) {
  const { t } = useTranslation();
  const staff = useStaffOptions();
  const set = (change: Partial<Wanted>): void => onChange({ ...wanted, ...change });
  return (
    <div role="search" aria-label={t("archive.filter.title")} className="mb-3 flex flex-col gap-3">
      <SearchField label={t("archive.filter.q")} placeholder={t("archive.filter.short")} value={wanted.q} onChange={(q) => set({ q })} />
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <div className="max-lg:col-span-2 lg:col-span-2">
          <SelectField label={t("archive.filter.person")} none={t("archive.filter.anybody")} options={staff} value={wanted.userId} onChange={(event) => set({ userId: event.target.value })} />
        </div>
        <Field type="date" label={t("archive.filter.from")} value={wanted.from} max={wanted.to} onChange={(event) => set({ from: event.target.value })} />
        <Field type="date" label={t("archive.filter.to")} value={wanted.to} min={wanted.from} onChange={(event) => set({ to: event.target.value })} />
      </div>
      {!isEmpty(wanted) && (
        <button type="button" onClick={() => onChange(NO_WANTED)} className="-mt-1 min-h-11 self-start text-sm font-medium text-accent hover:underline">
          {t("archive.filter.reset")}
        </button>
      )}
    </div>
  );
}

/** Stays in sight while something is chosen. */
function ChosenBar({ ids, onClear }: { ids: string[]; onClear: () => void }) {
  const { t } = useTranslation();
  const [exporting, setExporting] = useState(false);
  return (
    <div className="sticky bottom-2 z-20 mt-3 flex animate-rise flex-wrap items-center justify-end gap-2 rounded-2xl border border-line-strong bg-raised p-3 shadow-big">
      <p role="status" className="mr-auto px-1 text-sm">
        {t("archive.chosen", { count: ids.length })}
      </p>
      <Button onClick={onClear}>{t("recordings.clear")}</Button>
      <Button look="primary" icon={<Download size={18} aria-hidden />} onClick={() => setExporting(true)}>
        {t("recordings.exporting.button")}
      </Button>
      {exporting && (
        <ExportForm
          conversationIds={ids}
          onClose={() => setExporting(false)}
          onDone={() => {
            setExporting(false);
            onClear();
          }}
        />
      )}
    </div>
  );
}
