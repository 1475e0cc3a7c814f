/** The audit log: who did what, by day, with filters and a download. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Download, ScrollText } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../../api/http";
import { auditTableUrl, getAudit, type AuditFilter } from "../../../../api/routes";
import type { AuditEntry } from "../../../../api/types";
import { dayNumber, dayOf } from "../../../../lib/time";
import { useNow } from "../../../../lib/useNow";
import { Button } from "../../../../ui/Button";
import { Card } from "../../../../ui/Card";
import { EmptyState, ErrorState, SkeletonRows } from "../../../../ui/states";
import { useUsers } from "../../people";
import { AuditLine } from "./AuditLine";
import { Filters } from "./Filters";

/** Neighbours of one day. */
function byDay(entries: readonly AuditEntry[]): AuditEntry[][] {
  const days: AuditEntry[][] = [];
  for (const entry of entries) {
    const day = days.at(-1);
    if (day?.[0] !== undefined && dayNumber(day[0].at) === dayNumber(entry.at)) day.push(entry);
    else days.push([entry]);
  }
  return days;
}

export function AuditCard() {
  const { t, i18n } = useTranslation();
  const now = useNow(60_000);
  const [filter, setFilter] = useState<AuditFilter>({});
  const { data: everybody } = useUsers();
  const users = useMemo(() => new Map((everybody ?? []).map((user) => [user.id, user])), [everybody]);
  const log = useInfiniteQuery({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam }) => getAudit({ ...filter, ...(pageParam !== null && { before: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.more ? (page.entries.at(-1)?.id ?? null) : null),
    // Whoever opens it wants what is there now.
    gcTime: 0,
  });
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? [];
  const dayName = (at: number): string => {
    const day = dayOf(i18n.language, at, now);
    if (day === "today") return t("chat.today");
    return day === "yesterday" ? t("chat.yesterday") : day;
  };

  return (
    <Card
      title={t("audit.title")}
      note={t("audit.note")}
      action={
        <a
          href={auditTableUrl(filter)}
          download
          className="inline-flex min-h-11 items-center gap-2 rounded-xl border border-line bg-raised px-4 font-medium transition hover:bg-panel md:min-h-10"
        >
          <Download size={18} aria-hidden />
          {t("audit.download")}
        </a>
      }
    >
      <Filters filter={filter} users={everybody ?? []} onChange={setFilter} />
      {log.isPending && <SkeletonRows label={t("app.loading")} count={5} />}
      {log.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(log.error) })}
          retry={t("app.retry")}
          onRetry={() => void log.refetch()}
        />
      )}
      {log.isSuccess && entries.length === 0 && <EmptyState icon={<ScrollText />}>{t("audit.none")}</EmptyState>}
      {byDay(entries).map((day) => {
        const [first] = day;
        const name = first === undefined ? "" : dayName(first.at);
        return (
          <section key={first?.id} aria-label={name}>
            <h3 className="sticky top-0 z-10 bg-page pt-4 pb-1 text-sm font-semibold text-muted">{name}</h3>
            <ul aria-label={t("audit.list")} className="divide-y divide-line">
              {day.map((entry) => (
                <AuditLine key={entry.id} entry={entry} users={users} />
              ))}
            </ul>
          </section>
        );
      })}
      {log.hasNextPage && (
        <Button busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()} className="mt-4">
          {t("audit.more")}
        </Button>
      )}
    </Card>
  );
}
