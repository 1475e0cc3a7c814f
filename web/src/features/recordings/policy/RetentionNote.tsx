/**
 * Nothing is erased while the server's clock is in doubt: an admin says that it is right, an officer sees that it is so. And where the
 * object store takes no recordings, both see that.
 */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Clock, CloudOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { type ClockJump, confirmClock, getRetention, type UploadsFailing } from "../../../api/recordings";
import { useErrorWords } from "../../../i18n/errorWords";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";

const RETENTION_KEY = ["retention"] as const;

export function RetentionNote({ mayConfirm }: { mayConfirm: boolean }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  const { data } = useQuery({ queryKey: RETENTION_KEY, queryFn: getRetention });
  const confirm = useMutation({
    mutationFn: confirmClock,
    onSuccess: () => void toast.success(t("recordingAdmin.clock.confirmed")),
    onError: (error) => void toast.error(words(codeOf(error))),
    onSettled: () => cache.invalidateQueries({ queryKey: RETENTION_KEY }),
  });
  const failing = data?.uploads?.failing;
  return (
    <>
      {failing != null && <UploadsNote failing={failing} waiting={data?.uploads?.waiting ?? 0} />}
      {data?.frozen != null && <ClockNote frozen={data.frozen} due={data.due} dueConversations={data.due_conversations} onConfirm={mayConfirm ? () => confirm.mutate() : null} busy={confirm.isPending} />}
    </>
  );
}

/** The object store takes nothing: recordings are on the server alone meanwhile. */
function UploadsNote({ failing, waiting }: { failing: UploadsFailing; waiting: number }) {
  const { t, i18n } = useTranslation();
  return (
    <section aria-label={t("recordingAdmin.uploads.title")} className="flex flex-wrap items-start gap-3 rounded-3xl bg-warn-soft p-4 text-warn-text md:px-6">
      <CloudOff size={20} aria-hidden className="mt-px shrink-0" />
      <div className="min-w-52 flex-1">
        <h2 className="font-semibold">{t("recordingAdmin.uploads.title")}</h2>
        <p className="text-sm">{t("recordingAdmin.uploads.detail", { since: fullDate(i18n.language, failing.since), count: waiting })}</p>
        <p className="text-sm break-words">{failing.why}</p>
      </div>
    </section>
  );
}

interface ClockNoteProps {
  frozen: ClockJump;
  due: number;
  dueConversations: number;
  /** Null for who may only look. */
  onConfirm: (() => void) | null;
  busy: boolean;
}

function ClockNote({ frozen: { before, after }, due, dueConversations, onConfirm, busy }: ClockNoteProps) {
  const { t, i18n } = useTranslation();
  const when = (at: number): string => fullDate(i18n.language, at);
  return (
    <section aria-label={t("recordingAdmin.clock.title")} className="flex flex-wrap items-start gap-3 rounded-3xl bg-warn-soft p-4 text-warn-text md:px-6">
      <Clock size={20} aria-hidden className="mt-px shrink-0" />
      <div className="min-w-52 flex-1">
        <h2 className="font-semibold">{t("recordingAdmin.clock.title")}</h2>
        <p className="text-sm">{t("recordingAdmin.clock.detail", { before: when(before), after: when(after) })}</p>
        <p className="text-sm">{t("recordingAdmin.clock.due", { count: due })} {dueConversations > 0 && t("recordingAdmin.clock.dueConversations", { count: dueConversations })}</p>
      </div>
      {onConfirm !== null && (
        <Button busy={busy} onClick={onConfirm}>
          {t("recordingAdmin.clock.confirm")}
        </Button>
      )}
    </section>
  );
}
