/** What is edited once it is here: a skeleton before, and a way to try again where it did not come. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Card } from "../Card";
import { ErrorState, Skeleton } from "../states";

export interface LoadedPolicyProps<P> {
  title: string;
  policy: UseQueryResult<P>;
  codeOf(error: Error): string;
  children(policy: P): ReactNode;
}

export function LoadedPolicy<P>({ title, policy, codeOf, children }: LoadedPolicyProps<P>) {
  const { t } = useTranslation();
  if (policy.data !== undefined) return children(policy.data);
  return (
    <Card title={title}>
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
