/** Nothing is erased while the server's clock is in doubt: an admin says that it is right, an officer sees that it is so. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Clock } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { confirmClock, getRetention } from "../../../api/recordings";
import { useErrorWords } from "../../../i18n/errorWords";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";

const RETENTION_KEY = ["retention"] as const;

export function RetentionNote({ mayConfirm }: { mayConfirm: boolean }) {
  const { t, i18n } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  const { data } = useQuery({ queryKey: RETENTION_KEY, queryFn: getRetention });
  const confirm = useMutation({
    mutationFn: confirmClock,
    onSuccess: () => void toast.success(t("recordingAdmin.clock.confirmed")),
    onError: (error) => void toast.error(words(codeOf(error))),
    onSettled: () => cache.invalidateQueries({ queryKey: RETENTION_KEY }),
  });
  if (data?.frozen == null) return null;
  const { before, after } = data.frozen;
  const when = (at: number): string => fullDate(i18n.language, at);
  return (
    <section aria-label={t("recordingAdmin.clock.title")} className="flex flex-wrap items-start gap-3 rounded-3xl bg-warn-soft p-4 text-warn-text md:px-6">
      <Clock size={20} aria-hidden className="mt-px shrink-0" />
      <div className="min-w-52 flex-1">
        <h2 className="font-semibold">{t("recordingAdmin.clock.title")}</h2>
        <p className="text-sm">{t("recordingAdmin.clock.detail", { before: when(before), after: when(after) })}</p>
        <p className="text-sm">{t("recordingAdmin.clock.due", { count: data.due })} {data.due_conversations > 0 && t("recordingAdmin.clock.dueConversations", { count: data.due_conversations })}</p>
      </div>
      {mayConfirm && (
        <Button busy={confirm.isPending} onClick={() => confirm.mutate()}>
          {t("recordingAdmin.clock.confirm")}
        </Button>
      )}
    </section>
  );
}
