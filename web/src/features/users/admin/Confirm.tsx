/** Asks before something that others feel at once. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";

export interface ConfirmProps {
  title: string;
  detail: ReactNode;
  confirm: string;
  look: "danger" | "primary";
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ title, detail, confirm, look, onConfirm, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Dialog label={title} onClose={onClose} className="w-96 max-w-[92vw]">
      <div className="flex flex-col gap-4 p-6">
        <h3 className="text-lg font-semibold wrap-anywhere">{title}</h3>
        <p className="text-muted">{detail}</p>
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button
            look={look}
            onClick={() => {
              onConfirm();
              onClose();
            }}
          >
            {confirm}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
