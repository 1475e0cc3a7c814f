/** Asks for a bundle of recordings, or of conversations in a period, and what it is for. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { askForExport, exportUrl, type RecordingExport } from "../../../api/recordings";
import { useErrorWords } from "../../../i18n/errorWords";
import { navigate } from "../../../lib/router";
import { Button } from "../../../ui/Button";
import { Field } from "../../../ui/Field";
import { Sheet } from "../../../ui/Sheet";
import { periodOf } from "../list/filter";

export const EXPORTS_KEY = ["recording-exports"] as const;

/** Whether it may be downloaded. */
export const isReady = ({ needs_approval, approved_by }: RecordingExport): boolean => !needs_approval || approved_by != null;

export interface ExportFormProps {
  /** Recordings. */
  ids?: string[];
  conversationIds?: string[];
  onDone(): void;
  onClose(): void;
}

export function ExportForm({ ids = [], conversationIds = [], onDone, onClose }: ExportFormProps) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  const [reason, setReason] = useState("");
  const [days, setDays] = useState({ from: "", to: "" });
  const [tried, setTried] = useState(false);
  const missing = reason.trim() === "";
  const ask = useMutation({
    mutationFn: () => askForExport({ ids, conversation_ids: conversationIds, ...periodOf(days), reason: reason.trim() }),
    onSuccess: (made) => {
      const ready = isReady(made);
      void cache.invalidateQueries({ queryKey: EXPORTS_KEY });
      const list = { label: t("recordings.exporting.list"), onClick: () => navigate({ name: "recordings", list: "exports" }) };
      const download = { label: t("recordings.exporting.download"), onClick: () => location.assign(exportUrl(made.id)) };
      toast.success(t(ready ? "recordings.exporting.made" : "recordings.exporting.sent"), {
        action: ready ? download : list,
      });
      onDone();
    },
  });

  const ofChat = conversationIds.length > 0;

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (!missing) ask.mutate();
  }

  return (
    <Sheet short title={ofChat ? t("archive.exporting.title", { count: conversationIds.length }) : t("recordings.exporting.title", { count: ids.length })} onClose={onClose}>
      <form noValidate onSubmit={submit} className="flex flex-col gap-4 p-4 pt-1">
        <p className="text-muted">{t(ofChat ? "archive.exporting.detail" : "recordings.exporting.detail")}</p>
        {ofChat && (
          <div className="grid grid-cols-2 gap-3">
            <Field type="date" label={t("archive.exporting.from")} value={days.from} max={days.to} onChange={(event) => setDays({ ...days, from: event.target.value })} />
            <Field type="date" label={t("archive.exporting.to")} value={days.to} min={days.from} onChange={(event) => setDays({ ...days, to: event.target.value })} />
          </div>
        )}
        <Field
          label={t("recordings.exporting.reason")}
          hint={t("recordings.exporting.reasonHint")}
          error={ask.isError ? words(codeOf(ask.error)) : tried && missing ? t("recordings.exporting.noReason") : null}
          autoFocus
          autoComplete="off"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button look="primary" type="submit" busy={ask.isPending}>
            {t("recordings.exporting.ask")}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
