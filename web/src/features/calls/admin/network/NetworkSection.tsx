/** What the relay does: live calls, the last day, the server's own reachability, and what staff found when they checked. */
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../../api/http";
import { Card } from "../../../../ui/Card";
import { ErrorState, Skeleton } from "../../../../ui/states";
import { ChecksCard } from "./ChecksCard";
import { DayCard } from "./DayCard";
import { LiveCalls } from "./LiveCalls";
import { ReachCard } from "./ReachCard";
import { RelayCard } from "./RelayCard";
import { useRelay } from "./useRelay";

export function NetworkSection() {
  const { t } = useTranslation();
  const relay = useRelay();
  const { data } = relay;
  return (
    <>
      {data === undefined && (
        <Card title={t("callAdmin.live.title")}>
          {relay.isError ? (
            <ErrorState
              title={t("app.failed")}
              detail={t("app.failedDetail", { code: codeOf(relay.error) })}
              retry={t("app.retry")}
              onRetry={() => void relay.refetch()}
            />
          ) : (
            <div role="status" aria-label={t("app.loading")} className="flex flex-col gap-3">
              <Skeleton className="h-16" />
              <Skeleton className="h-32" />
            </div>
          )}
        </Card>
      )}
      {data !== undefined && (
        <>
          <LiveCalls report={data} stale={relay.isError} />
          <DayCard day={data.last_24h} />
          <div className="grid gap-4 lg:grid-cols-2">
            <RelayCard now={data.now} totals={data.totals} />
            <ReachCard reach={data.reach} />
          </div>
        </>
      )}
      <ChecksCard />
    </>
  );
}
