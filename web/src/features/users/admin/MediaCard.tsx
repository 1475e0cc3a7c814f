/** The media node's counters. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { getMediaReport } from "../../../api/routes";
import type { MediaReport } from "../../../api/types";
import { ru } from "../../../i18n/ru";
import { Card } from "../../../ui/Card";
import { ErrorState, Skeleton } from "../../../ui/states";

// A counter that the server adds does not compile until it has words.
const COUNTERS = Object.keys(ru.media satisfies Record<keyof MediaReport, string>) as (keyof MediaReport)[];

export function MediaCard() {
  const { t, i18n } = useTranslation();
  const counters = useQuery({ queryKey: ["media"], queryFn: getMediaReport, refetchInterval: 5_000 });
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
              <dd className="m-0 text-lg font-medium tabular-nums">{number.format(counters.data[name])}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
