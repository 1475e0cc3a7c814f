/** Asks before a message is deleted for everybody: that cannot be undone. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../api/http";
import { deleteMessage } from "../../api/routes";
import { useErrorWords } from "../../i18n/errorWords";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { updateMessage } from "./history";
import type { TextMessage } from "./timeline";

export function DeleteDialog({ message, onClose }: { message: TextMessage; onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const words = useErrorWords();
  const remove = useMutation({
    mutationFn: () => deleteMessage(message.id),
    onSuccess: (deleted) => {
      updateMessage(cache, deleted);
      onClose();
    },
    onError: (error) => void toast.error(words(codeOf(error))),
  });
  return (
    <Dialog label={t("chat.deleteAsk")} onClose={onClose} className="w-96 max-w-[92vw]">
      <div className="flex flex-col gap-3 p-6">
        <h2 className="text-lg font-semibold">{t("chat.deleteAsk")}</h2>
        {message.text !== "" && <p className="line-clamp-3 rounded-xl bg-panel p-3 text-sm wrap-anywhere">{message.text}</p>}
        <p className="text-muted">{t("chat.deleteDetail")}</p>
        <div className="mt-2 flex justify-end gap-2">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            {t("chat.action.delete")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
