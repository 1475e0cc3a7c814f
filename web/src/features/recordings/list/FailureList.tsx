/** Calls that had to be recorded and could not be. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { CircleCheck, CircleSlash } from "lucide-react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { getRecordingFailures, type RecordingFailure } from "../../../api/recordings";
import { recordings as ru } from "../../../i18n/ru/recordings";
import { navigate } from "../../../lib/router";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { EmptyState, ErrorState, SkeletonRows } from "../../../ui/states";
import { known, useBoth, useWhen } from "../words";

export function FailureList() {
  const { t } = useTranslation();
  const list = useInfiniteQuery({
    queryKey: ["recording-failures"],
    queryFn: ({ pageParam }) => getRecordingFailures(pageParam ?? undefined),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.more ? (page.failures.at(-1)?.at ?? null) : null),
    gcTime: 0,
  });
  const failures = list.data?.pages.flatMap((page) => page.failures) ?? [];
  return (
    <Card title={t("recordings.failures.title")} note={t("recordings.failures.note")}>
      {list.isPending && <SkeletonRows label={t("app.loading")} count={3} />}
      {list.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(list.error) })}
          retry={t("app.retry")}
          onRetry={() => void list.refetch()}
        />
      )}
      {list.isSuccess && failures.length === 0 && <EmptyState icon={<CircleCheck />}>{t("recordings.failures.none")}</EmptyState>}
      {failures.length > 0 && (
        <ul aria-label={t("recordings.failures.list")} className="divide-y divide-line">
          {failures.map((failure) => (
            <Row key={`${failure.call_id} ${failure.at}`} failure={failure} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()} className="mt-3">
          {t("recordings.more")}
        </Button>
      )}
    </Card>
  );
}

function Row({ failure }: { failure: RecordingFailure }) {
  const { t } = useTranslation();
  const both = useBoth();
  const when = useWhen();
  const { fault, recording_id } = failure;
  return (
    <li className="flex items-start gap-3 py-3">
      <span aria-hidden="true" className="grid size-10 shrink-0 place-items-center rounded-full bg-warn-soft text-warn-text">
        <CircleSlash size={18} />
      </span>
      <div className="min-w-0 flex-1">
        <p className="font-medium wrap-anywhere">{both(failure)}</p>
        <p>{known(ru.failures.why, fault) ? t(`recordings.failures.why.${fault}`, { reason: fault }) : t("recordings.failures.why.other", { reason: fault })}</p>
        <p className="text-sm text-muted">
          {when(failure.at)} · {t("recordings.failures.rule", { rule: failure.rule })}
        </p>
        {recording_id != null && (
          <button type="button" onClick={() => navigate({ name: "recordings", id: recording_id })} className="min-h-11 text-sm font-medium text-accent hover:underline">
            {t("recordings.failures.partly")}
          </button>
        )}
      </div>
    </li>
  );
}
