/** The media node's counters. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { getMediaCounters } from "../../../api/routes";
import { ru } from "../../../i18n/ru";
import { Card } from "../../../ui/Card";
import { ErrorState, Skeleton } from "../../../ui/states";

type Counter = keyof typeof ru.media;
const COUNTERS = Object.keys(ru.media) as Counter[];

export function MediaCard() {
  const { t, i18n } = useTranslation();
  const counters = useQuery({ queryKey: ["media"], queryFn: getMediaCounters, refetchInterval: 5_000 });
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <Card title={t("admin.media")} note={t("admin.mediaDetail")}>
      {counters.isPending && <Skeleton className="h-24" />}
      {counters.isError && (
        <ErrorState
          title={t("admin.mediaOff")}
          detail={t("app.failedDetail", { code: codeOf(counters.error) })}
          retry={t("app.retry")}
          onRetry={() => void counters.refetch()}
        />
      )}
      {counters.isSuccess && (
        <dl className="grid grid-cols-2 gap-x-6 gap-y-3 md:grid-cols-4">
          {COUNTERS.map((name) => (
            <div key={name}>
              <dt className="text-sm text-muted">{t(`media.${name}`)}</dt>
              <dd className="m-0 text-lg font-medium tabular-nums">{number.format(counters.data[name] ?? 0)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
