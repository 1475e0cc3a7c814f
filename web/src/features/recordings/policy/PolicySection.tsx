/** The recording policy: loaded, then edited by an admin, or shown to an officer. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import type { RecordingPolicy } from "../../../api/recordings";
import { Card } from "../../../ui/Card";
import { ErrorState, Skeleton } from "../../../ui/states";
import { PolicyEditor } from "./PolicyEditor";
import { usePolicy } from "./useDraft";

export function PolicySection() {
  return <LoadedPolicy>{(policy) => <PolicyEditor saved={policy} />}</LoadedPolicy>;
}

export function LoadedPolicy({ children }: { children: (policy: RecordingPolicy) => ReactNode }) {
  const { t } = useTranslation();
  const policy = usePolicy();
  if (policy.data !== undefined) return children(policy.data);
  return (
    <Card title={t("recordingAdmin.title")}>
      {policy.isError ? (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(policy.error) })}
          retry={t("app.retry")}
          onRetry={() => void policy.refetch()}
        />
      ) : (
        <div role="status" aria-label={t("app.loading")} className="flex flex-col gap-3">
          <Skeleton className="h-12" />
          <Skeleton className="h-24" />
          <Skeleton className="h-12" />
        </div>
      )}
    </Card>
  );
}
