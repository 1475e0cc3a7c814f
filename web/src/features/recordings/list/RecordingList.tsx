/** The recordings, found by what they are searched by, and those that are chosen for an export. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { AudioLines, Download, SearchX } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { getRecordings } from "../../../api/recordings";
import { useDebounced } from "../../../lib/useDebounced";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { EmptyState, ErrorState, SkeletonRows } from "../../../ui/states";
import { ExportForm } from "../exports/ExportForm";
import { isEmpty, queryOf, type Filter } from "./filter";
import { Filters } from "./Filters";
import { RecordingRow } from "./RecordingRow";

const LIMIT = 50;
const TYPING_MS = 300;

export interface RecordingListProps {
  filter: Filter;
  onFilter(filter: Filter): void;
}

export function RecordingList({ filter, onFilter }: RecordingListProps) {
  const { t } = useTranslation();
  const query = queryOf(useDebounced(filter, TYPING_MS));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const list = useInfiniteQuery({
    queryKey: ["recordings", query],
    queryFn: ({ pageParam }) => getRecordings({ ...query, limit: LIMIT, ...(pageParam !== null && { before: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.more ? (page.recordings.at(-1)?.id ?? null) : null),
    // Whoever opens it wants what is there now.
    gcTime: 0,
  });
  const recordings = list.data?.pages.flatMap((page) => page.recordings) ?? [];
  const choose = (id: string, on: boolean): void =>
    setChosen((before) => new Set(on ? [...before, id] : [...before].filter((other) => other !== id)));

  return (
    <Card title={t("recordings.list")} note={t("recordings.note")}>
      <Filters filter={filter} onChange={onFilter} />
      {list.isPending && <SkeletonRows label={t("app.loading")} count={5} />}
      {list.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(list.error) })}
          retry={t("app.retry")}
          onRetry={() => void list.refetch()}
        />
      )}
      {list.isSuccess && recordings.length === 0 && (
        <EmptyState icon={isEmpty(filter) ? <AudioLines /> : <SearchX />}>{t(isEmpty(filter) ? "recordings.none" : "recordings.notFound")}</EmptyState>
      )}
      {recordings.length > 0 && (
        <ul aria-label={t("recordings.list")} className="-mx-3 mt-1 divide-y divide-line border-t border-line">
          {recordings.map((recording) => (
            <RecordingRow
              key={recording.id}
              recording={recording}
              chosen={chosen.has(recording.id)}
              onChoose={(on) => choose(recording.id, on)}
            />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()} className="mt-3">
          {t("recordings.more")}
        </Button>
      )}
      {chosen.size > 0 && <ChosenBar ids={[...chosen]} onClear={() => setChosen(new Set())} />}
    </Card>
  );
}

/** Stays in sight while something is chosen. */
function ChosenBar({ ids, onClear }: { ids: string[]; onClear: () => void }) {
  const { t } = useTranslation();
  const [exporting, setExporting] = useState(false);
  return (
    <div className="sticky bottom-2 z-20 mt-3 flex animate-rise flex-wrap items-center justify-end gap-2 rounded-2xl border border-line-strong bg-raised p-3 shadow-big">
      <p role="status" className="mr-auto px-1 text-sm">
        {t("recordings.chosen", { count: ids.length })}
      </p>
      <Button onClick={onClear}>{t("recordings.clear")}</Button>
      <Button look="primary" icon={<Download size={18} aria-hidden />} onClick={() => setExporting(true)}>
        {t("recordings.exporting.button")}
      </Button>
      {exporting && (
        <ExportForm
          ids={ids}
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
