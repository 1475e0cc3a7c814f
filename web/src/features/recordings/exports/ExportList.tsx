/** Bundles that were asked for: by whom, what for, who has approved them. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, Clock, Download, PackageOpen } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { approveExport, exportUrl, getRecordingExports, type RecordingExport } from "../../../api/recordings";
import { useErrorWords } from "../../../i18n/errorWords";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { EmptyState, ErrorState, SkeletonRows } from "../../../ui/states";
import { useMe, useNameOf } from "../../users";
import { Chip } from "../Chip";
import { useWhen } from "../words";
import { EXPORTS_KEY, isReady } from "./ExportForm";

export function ExportList() {
  const { t } = useTranslation();
  const list = useQuery({ queryKey: EXPORTS_KEY, queryFn: getRecordingExports, gcTime: 0 });
  return (
    <Card title={t("recordings.exporting.list")} note={t("recordings.exporting.note")}>
      {list.isPending && <SkeletonRows label={t("app.loading")} count={3} />}
      {list.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(list.error) })}
          retry={t("app.retry")}
          onRetry={() => void list.refetch()}
        />
      )}
      {list.isSuccess && list.data.length === 0 && <EmptyState icon={<PackageOpen />}>{t("recordings.exporting.none")}</EmptyState>}
      {list.isSuccess && list.data.length > 0 && (
        <ul aria-label={t("recordings.exporting.list")} className="divide-y divide-line">
          {list.data.map((one) => (
            <Row key={one.id} one={one} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({ one }: { one: RecordingExport }) {
  const { t } = useTranslation();
  const me = useMe();
  const nameOf = useNameOf();
  const when = useWhen();
  const { id, reason } = one;
  const ready = isReady(one);
  const approver = one.approved_by;
  const counts = [
    ...(one.recording_ids.length > 0 ? [t("recordings.exporting.count", { count: one.recording_ids.length })] : []),
    ...(one.conversation_ids.length > 0 ? [t("archive.exporting.count", { count: one.conversation_ids.length })] : []),
  ].join(", ");
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 py-3">
      <div className="min-w-52 flex-1">
        <p className="font-medium wrap-anywhere">{reason}</p>
        <p className="text-sm text-muted">
          {counts} · {t("recordings.exporting.by", { name: nameOf(one.requested_by), when: when(one.requested_at) })}
        </p>
        {approver != null && (
          <p className="text-sm text-muted">
            {t("recordings.exporting.approvedBy", { name: nameOf(approver) })}
          </p>
        )}
        {!ready && one.requested_by === me.id && <p className="text-sm text-muted">{t("recordings.exporting.own")}</p>}
      </div>
      <Chip icon={ready ? CircleCheck : Clock} look={ready ? "good" : "warn"}>
        {t(ready ? "recordings.exporting.ready" : "recordings.exporting.waiting")}
      </Chip>
      {!ready && one.requested_by !== me.id && <Decision one={one} />}
      {ready && (
        <a
          href={exportUrl(id)}
          download
          aria-label={t("recordings.exporting.downloadFor", { reason })}
          className="inline-flex min-h-11 items-center gap-2 rounded-xl border border-line bg-raised px-4 font-medium transition hover:bg-panel md:min-h-10"
        >
          <Download size={18} aria-hidden />
          {t("recordings.exporting.download")}
        </a>
      )}
    </li>
  );
}

function Decision({ one: { id, reason } }: { one: RecordingExport }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  const approve = useMutation({
    mutationFn: () => approveExport(id),
    onError: (error) => void toast.error(words(codeOf(error))),
    onSettled: () => cache.invalidateQueries({ queryKey: EXPORTS_KEY }),
  });
  return (
    <Button look="primary" aria-label={t("recordings.exporting.approveFor", { reason })} busy={approve.isPending} onClick={() => approve.mutate()}>
      {t("recordings.exporting.approve")}
    </Button>
  );
}
