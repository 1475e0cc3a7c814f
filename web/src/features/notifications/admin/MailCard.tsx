/** How mail goes out, how it does, and a test of it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, Send, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { getMail, setMail, testMail } from "../../../api/routes";
import type { MailOutcome, MailReport } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { ErrorState, Skeleton } from "../../../ui/states";
import { MailForm } from "./MailForm";

const KEY = ["mail"] as const;

export function MailCard() {
  const { t } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  const report = useQuery({ queryKey: KEY, queryFn: getMail, refetchInterval: 15_000 });
  const test = useMutation({ mutationFn: testMail, onError: (error) => void toast.error(words(codeOf(error))) });
  const save = useMutation({
    mutationFn: setMail,
    onSuccess: (saved) => {
      cache.setQueryData(KEY, saved);
      test.reset();
      toast.success(t("admin.changed"));
    },
    onError: (error) => void toast.error(words(codeOf(error))),
  });
  const { data } = report;

  return (
    <Card title={t("notices.mail.title")} note={t("notices.mail.lead")}>
      {report.isPending && <Skeleton className="h-64" />}
      {report.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(report.error) })}
          retry={t("app.retry")}
          onRetry={() => void report.refetch()}
        />
      )}
      {data !== undefined && (
        <div className="flex flex-col gap-4">
          <State report={data} />
          <MailForm key={JSON.stringify(data.settings)} report={data} busy={save.isPending} onSave={(change) => save.mutate(change)} />
          {data.settings.server != null && (
            <div className="flex flex-col items-start gap-3 border-t border-line pt-4">
              <Button icon={<Send size={16} />} busy={test.isPending} onClick={() => test.mutate()}>
                {t("notices.mail.test")}
              </Button>
              <div role="status">
                {test.isPending && <p className="text-sm text-muted">{t("notices.mail.testing")}</p>}
                {test.isSuccess && <Outcome outcome={test.data} />}
              </div>
            </div>
          )}
        </div>
      )}
    </Card>
  );
}

function State({ report }: { report: MailReport }) {
  const { t, i18n } = useTranslation();
  const { waiting, failed, last_sent_at: sent, problem } = report;
  const lines = [
    waiting > 0 && t("notices.mail.waiting", { count: waiting }),
    failed > 0 && t("notices.mail.failed", { count: failed }),
    sent != null && t("notices.mail.lastSent", { when: fullDate(i18n.language, sent) }),
  ].filter((line) => line !== false);
  if (lines.length === 0 && problem == null) return null;
  return (
    <div className="flex flex-col gap-1 text-sm text-muted">
      {lines.length > 0 && <p>{lines.join(" · ")}</p>}
      {problem != null && (
        <p className="wrap-anywhere text-danger">
          {t("notices.mail.trouble", { when: fullDate(i18n.language, problem.at) })}. {t("notices.mail.said", { said: problem.said })}
        </p>
      )}
    </div>
  );
}

function Outcome({ outcome }: { outcome: MailOutcome }) {
  const { t } = useTranslation();
  const well = outcome.problem == null;
  const Icon = well ? CircleCheck : TriangleAlert;
  return (
    <p className={`flex items-start gap-2 ${well ? "text-good" : "text-danger"}`}>
      <Icon size={18} aria-hidden className="mt-px shrink-0" />
      <span className="wrap-anywhere">
        {outcome.problem == null ? t("notices.mail.tested", { address: outcome.address }) : t(`notices.mail.problem.${outcome.problem}`)}
        <span className="block text-sm text-muted">{t("notices.mail.said", { said: outcome.said })}</span>
      </span>
    </p>
  );
}
