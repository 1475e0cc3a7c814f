/** The path policy: loaded, then edited. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../../api/http";
import { getPathPolicy } from "../../../../api/routes";
import { Card } from "../../../../ui/Card";
import { ErrorState, Skeleton } from "../../../../ui/states";
import { PolicyEditor } from "./PolicyEditor";
import { POLICY_KEY } from "./useDraft";

export function PolicySection() {
  const { t } = useTranslation();
  const policy = useQuery({ queryKey: POLICY_KEY, queryFn: getPathPolicy });
  if (policy.data !== undefined) return <PolicyEditor saved={policy.data} />;
  return (
    <Card title={t("callAdmin.policy.title")}>
      {policy.isError ? (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(policy.error) })}
          retry={t("app.retry")}
          onRetry={() => void policy.refetch()}
        />
      ) : (
        <div role="status" aria-label={t("app.loading")} className="grid gap-3 md:grid-cols-2">
          {[0, 1, 2, 3].map((i) => (
            <Skeleton key={i} className="h-24" />
          ))}
        </div>
      )}
    </Card>
  );
}
