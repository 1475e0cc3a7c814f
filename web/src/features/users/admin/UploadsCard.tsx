/** How much staff may upload, and how much there is. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { getUploads, setUploads } from "../../../api/routes";
import type { UploadReport } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { fileSize } from "../../../lib/size";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { Field } from "../../../ui/Field";
import { ErrorState, Skeleton } from "../../../ui/states";
import { MEGABYTE } from "./megabytes";

const KEY = ["uploads"] as const;

export function UploadsCard() {
  const { t, i18n } = useTranslation();
  const report = useQuery({ queryKey: KEY, queryFn: getUploads });
  const { data } = report;
  return (
    <Card
      title={t("adminSections.limits")}
      {...(data && {
        note: t("adminSections.used", { count: data.file_count, size: fileSize(i18n.language, data.used_bytes) }),
      })}
    >
      {report.isPending && <Skeleton className="h-28" />}
      {report.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(report.error) })}
          retry={t("app.retry")}
          onRetry={() => void report.refetch()}
        />
      )}
      {data !== undefined && <LimitsForm key={`${data.max_file_bytes} ${data.max_user_bytes}`} report={data} />}
    </Card>
  );
}

const shown = (bytes: number): string => String(Math.round(bytes / MEGABYTE));

function LimitsForm({ report }: { report: UploadReport }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  const [file, setFile] = useState(shown(report.max_file_bytes));
  const [user, setUser] = useState(shown(report.max_user_bytes));
  const save = useMutation({
    mutationFn: setUploads,
    onSuccess: (saved) => {
      cache.setQueryData(KEY, saved);
      toast.success(t("admin.changed"));
    },
    onError: (error) => void toast.error(words(codeOf(error))),
  });
  const whole = (text: string): boolean => /^[1-9]\d{0,8}$/u.test(text.trim());
  const fileWrong = !whole(file) || (whole(user) && Number(file) > Number(user));
  const changed = file !== shown(report.max_file_bytes) || user !== shown(report.max_user_bytes);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (fileWrong || !whole(user)) return;
    save.mutate({ max_file_bytes: Number(file) * MEGABYTE, max_user_bytes: Number(user) * MEGABYTE });
  }

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <div className="grid gap-4 md:grid-cols-2">
        <Field
          label={t("adminSections.perFile")}
          name="max-file"
          inputMode="numeric"
          required
          value={file}
          error={fileWrong ? t("adminSections.badLimit") : null}
          onChange={(event) => setFile(event.target.value)}
        />
        <Field
          label={t("adminSections.perUser")}
          name="max-user"
          inputMode="numeric"
          required
          value={user}
          error={whole(user) ? null : t("adminSections.badLimit")}
          onChange={(event) => setUser(event.target.value)}
        />
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button look="primary" type="submit" busy={save.isPending} disabled={!changed || fileWrong || !whole(user)}>
          {t("adminSections.save")}
        </Button>
        <p className="text-sm text-muted">{t("adminSections.limitsNote")}</p>
      </div>
    </form>
  );
}
