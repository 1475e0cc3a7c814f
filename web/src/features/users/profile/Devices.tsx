/** Where one is signed in, and a way out everywhere else. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { LogOut, Monitor, Smartphone } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { endOtherSessions, getOtherSessions } from "../../../api/routes";
import { useErrorWords } from "../../../i18n/errorWords";
import { readAgent } from "../../../lib/agent";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { ErrorState, Skeleton } from "../../../ui/states";

export const OTHERS_KEY = ["other-sessions"] as const;

export function Devices() {
  const { t, i18n } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  const others = useQuery({ queryKey: OTHERS_KEY, queryFn: getOtherSessions });
  const end = useMutation({
    mutationFn: endOtherSessions,
    onSuccess: () => {
      cache.setQueryData(OTHERS_KEY, []);
      toast.success(t("profile.othersEnded"));
    },
    onError: (error) => void toast.error(words(codeOf(error))),
  });
  return (
    <Card title={t("profile.devices")}>
      {others.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(others.error) })}
          retry={t("app.retry")}
          onRetry={() => void others.refetch()}
        />
      )}
      {others.isPending && <Skeleton className="h-14" />}
      <ul aria-label={t("profile.devices")} className="divide-y divide-line">
        <Device agent={navigator.userAgent} detail={t("profile.thisDevice")} here />
        {others.data?.map(({ id, agent, created_at }) => (
          <Device key={id} agent={agent} detail={t("profile.signedInAt", { when: fullDate(i18n.language, created_at) })} />
        ))}
      </ul>
      {others.data !== undefined && others.data.length > 0 && (
        <Button icon={<LogOut size={18} />} busy={end.isPending} onClick={() => end.mutate()} className="mt-3">
          {t("profile.endOthers")}
        </Button>
      )}
    </Card>
  );
}

function Device({ agent, detail, here = false }: { agent: string; detail: string; here?: boolean }) {
  const { t } = useTranslation();
  const { browser, system, handheld } = readAgent(agent);
  const Icon = handheld ? Smartphone : Monitor;
  return (
    <li className="flex min-h-14 items-center gap-3 py-2">
      <Icon size={22} aria-hidden className="shrink-0 text-muted" />
      <span className="min-w-0">
        <span className="block font-medium">{[browser, system].filter(Boolean).join(", ") || t("profile.unknownDevice")}</span>
        <span className={`block text-sm ${here ? "text-good" : "text-muted"}`}>{detail}</span>
      </span>
    </li>
  );
}
