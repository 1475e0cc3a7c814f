/** The path policy: direct, through the media node (relay mode), or the one and then, where it must be, the other. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import clsx from "clsx";
import { Route, Server, ShieldCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { getPathPolicy, setPathPolicy } from "../../../api/routes";
import type { Policy } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { Card } from "../../../ui/Card";
import { ErrorState, Skeleton } from "../../../ui/states";

const KEY = ["path-policy"];

export function PathCard() {
  const { t } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  const policy = useQuery({ queryKey: KEY, queryFn: getPathPolicy });
  const change = useMutation({
    mutationFn: setPathPolicy,
    onSuccess: (saved) => {
      cache.setQueryData(KEY, saved);
      toast.success(t("admin.changed"));
    },
    onError: (error) => void toast.error(words(codeOf(error))),
  });
  const shown = change.isPending ? change.variables.default : policy.data?.default;

  const option = (value: Policy, title: string, detail: string, icon: React.ReactNode) => (
    <label
      className={clsx(
        "flex flex-1 cursor-pointer items-start gap-3 rounded-2xl border-2 p-4 has-focus-visible:outline-2 has-focus-visible:outline-accent",
        shown === value ? "border-accent bg-accent-soft" : "border-line",
      )}
    >
      <input
        type="radio"
        name="path-policy"
        value={value}
        checked={shown === value}
        onChange={() => change.mutate({ default: value, rules: policy.data?.rules ?? [] })}
        className="mt-1 accent-(--accent)"
      />
      <span>
        <span className="flex items-center gap-2 font-medium">
          {icon}
          {title}
        </span>
        <span className="mt-1 block text-sm text-muted">{detail}</span>
      </span>
    </label>
  );

  return (
    <Card title={t("admin.path")} note={t("admin.pathApplies")}>
      {policy.isPending && <Skeleton className="h-28" />}
      {policy.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(policy.error) })}
          retry={t("app.retry")}
          onRetry={() => void policy.refetch()}
        />
      )}
      {policy.isSuccess && (
        <div role="radiogroup" aria-label={t("admin.path")} className="flex flex-col gap-3 md:flex-row">
          {option("direct", t("admin.pathDirect"), t("admin.pathDirectDetail"), <ShieldCheck size={18} aria-hidden />)}
          {option("auto", t("admin.pathAuto"), t("admin.pathAutoDetail"), <Route size={18} aria-hidden />)}
          {option("media_node", t("admin.pathNode"), t("admin.pathNodeDetail"), <Server size={18} aria-hidden />)}
        </div>
      )}
    </Card>
  );
}
