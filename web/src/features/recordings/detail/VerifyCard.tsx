/** Whether a recording is what the server made, said in plain words. */
import { useMutation } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { verifyRecording, type RecordingReport } from "../../../api/recordings";
import { useErrorWords } from "../../../i18n/errorWords";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";

export function VerifyCard({ id }: { id: string }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const verify = useMutation({ mutationFn: () => verifyRecording(id) });
  return (
    <Card title={t("recordings.verify.title")}>
      <p className="-mt-2 mb-3 text-sm text-muted">{t("recordings.verify.note")}</p>
      <div aria-live="polite">
        {verify.isSuccess && <Result result={verify.data} />}
        {verify.isError && <p className="mb-3 text-sm text-danger">{words(codeOf(verify.error))}</p>}
      </div>
      <Button busy={verify.isPending} onClick={() => verify.mutate()}>
        {t(verify.isPending ? "recordings.verify.running" : "recordings.verify.run")}
      </Button>
    </Card>
  );
}

/** So much of a checksum is enough to compare by eye; the whole is in the tooltip. */
const SHOWN = 16;

function Result({ result }: { result: RecordingReport }) {
  const { t } = useTranslation();
  const Icon = result.ok ? ShieldCheck : ShieldAlert;
  const hash = result.hash ?? "";
  const { segment, record } = result;
  const why = result.why ?? "";
  return (
    <div className={result.ok ? "mb-3 flex gap-2 text-good" : "mb-3 flex gap-2 rounded-xl bg-warn-soft p-3 text-warn-text"}>
      <Icon size={20} aria-hidden className="mt-px shrink-0" />
      <div className="min-w-0">
        <p className="font-medium">{t(result.ok ? "recordings.verify.good" : "recordings.verify.bad")}</p>
        {result.ok ? (
          <p title={hash} className="mt-1 text-sm wrap-anywhere text-muted">
            {t("recordings.verify.goodDetail", { count: result.records, hash: `${hash.slice(0, SHOWN)}…` })}
          </p>
        ) : (
          <p className="mt-1 text-sm wrap-anywhere">{segment == null ? t("recordings.verify.badKept", { why }) : t("recordings.verify.badDetail", { segment, record: record ?? 0, why })}</p>
        )}
      </div>
    </div>
  );
}
