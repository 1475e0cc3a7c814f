/** What staff found when they checked their connection, or when a call of theirs did not connect. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Stethoscope } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../../api/http";
import { getChecks } from "../../../../api/routes";
import { Button } from "../../../../ui/Button";
import { Card } from "../../../../ui/Card";
import { Segmented } from "../../../../ui/Segmented";
import { EmptyState, ErrorState, SkeletonRows } from "../../../../ui/states";
import { CheckRow } from "./CheckRow";

const LIMIT = 20;
type Which = "all" | "failed";

export function ChecksCard() {
  const { t } = useTranslation();
  const [which, setWhich] = useState<Which>("all");
  const failed = which === "failed";
  const list = useInfiniteQuery({
    queryKey: ["connection-checks", failed],
    queryFn: ({ pageParam }) => getChecks({ limit: LIMIT, ...(failed && { failed }), ...(pageParam !== null && { before: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.more ? (page.checks.at(-1)?.id ?? null) : null),
    // Whoever opens it wants what is there now.
    gcTime: 0,
  });
  const checks = list.data?.pages.flatMap((page) => page.checks) ?? [];
  return (
    <Card title={t("callAdmin.checks.title")} note={t("callAdmin.checks.note")}>
      <div className="max-w-96 [&_legend]:sr-only">
        <Segmented<Which>
          label={t("callAdmin.checks.filter")}
          value={which}
          options={[
            { value: "all", label: t("callAdmin.checks.all") },
            { value: "failed", label: t("callAdmin.checks.failedOnly") },
          ]}
          onChange={setWhich}
        />
      </div>
      {list.isPending && <SkeletonRows label={t("app.loading")} count={3} />}
      {list.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(list.error) })}
          retry={t("app.retry")}
          onRetry={() => void list.refetch()}
        />
      )}
      {list.isSuccess && checks.length === 0 && (
        <EmptyState icon={<Stethoscope />}>{t(failed ? "callAdmin.checks.noneFailed" : "callAdmin.checks.none")}</EmptyState>
      )}
      {checks.length > 0 && (
        <ul aria-label={t("callAdmin.checks.list")} className="mt-2 divide-y divide-line">
          {checks.map((check) => (
            <CheckRow key={check.id} check={check} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()} className="mt-3">
          {t("callAdmin.checks.more")}
        </Button>
      )}
    </Card>
  );
}
