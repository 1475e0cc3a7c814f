/** What is known of a recording, and the ways from it. */
import { Copy, Download } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { RecordingDetail } from "../../../api/recordings";
import { copyText } from "../../../lib/copyText";
import { fileSize } from "../../../lib/size";
import { duration, fullDay } from "../../../lib/time";
import { Button, IconButton } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { ExportForm } from "../exports/ExportForm";
import { useWhen } from "../words";

export interface FactsCardProps {
  recording: RecordingDetail;
  onConversation(id: string): void;
}

export function FactsCard({ recording, onConversation }: FactsCardProps) {
  const { t, i18n } = useTranslation();
  const when = useWhen();
  const [exporting, setExporting] = useState(false);
  const { id, kind, rule, mode, outcome, duration_ms, bytes, held, retain_until, conversation_id, state } = recording;
  return (
    <Card title={t("recordings.facts.title")}>
      <dl className="flex flex-col gap-2.5">
        <Fact name={t("recordings.facts.when")}>{when(recording.started_at)}</Fact>
        {duration_ms != null && <Fact name={t("recordings.facts.length")}>{duration(duration_ms)}</Fact>}
        <Fact name={t("recordings.facts.kind")}>{t(kind === "video" ? "call.video" : "call.audio")}</Fact>
        {outcome != null && <Fact name={t("recordings.facts.outcome")}>{t(`recordings.outcome.${outcome}`)}</Fact>}
        <Fact name={t("recordings.facts.rule")}>
          {rule}
          <span className="block text-sm text-muted">{t(`recordings.facts.${mode}`)}</span>
        </Fact>
        {bytes != null && <Fact name={t("recordings.facts.size")}>{fileSize(i18n.language, bytes)}</Fact>}
        <Fact name={t("recordings.facts.until")}>{held ? t("recordings.facts.never") : fullDay(i18n.language, retain_until)}</Fact>
        <Fact name={t("recordings.facts.conversation")}>
          <Id value={conversation_id} />
          <button type="button" onClick={() => onConversation(conversation_id)} className="min-h-11 text-left text-sm font-medium text-accent hover:underline md:min-h-0">
            {t("recordings.facts.sameConversation")}
          </button>
        </Fact>
        <Fact name={t("recordings.facts.id")}>
          <Id value={id} />
        </Fact>
      </dl>
      {state !== "erased" && state !== "failed" && (
        <Button icon={<Download size={18} aria-hidden />} onClick={() => setExporting(true)} className="mt-4 w-full">
          {t("recordings.exporting.button")}
        </Button>
      )}
      {exporting && <ExportForm ids={[id]} onClose={() => setExporting(false)} onDone={() => setExporting(false)} />}
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="m-0 wrap-anywhere">{children}</dd>
    </div>
  );
}

function Id({ value }: { value: string }) {
  const { t } = useTranslation();
  return (
    <span className="flex items-center gap-1">
      <code className="min-w-0 truncate text-sm" title={value}>
        {value}
      </code>
      <IconButton
        label={t("app.copy")}
        onClick={() => void copyText(value).then((done) => (done ? toast.success(t("app.copied")) : null))}
        className="-my-2 text-muted hover:bg-panel"
      >
        <Copy size={15} />
      </IconButton>
    </span>
  );
}
