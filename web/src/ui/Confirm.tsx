/** Asks before what cannot be undone by oneself, or what others feel at once. */
import { useTranslation } from "react-i18next";
import { Button } from "./Button";
import { Dialog } from "./Dialog";

export interface ConfirmProps {
  title: string;
  detail: string;
  /** What happens, on the button. */
  action: string;
  look?: "danger" | "primary";
  busy: boolean;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ title, detail, action, look = "danger", busy, onConfirm, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Dialog label={title} onClose={onClose} className="w-[min(420px,calc(100vw-32px))]">
      <div className="flex flex-col gap-3 p-6">
        <h2 className="text-lg font-semibold wrap-anywhere">{title}</h2>
        <p className="text-muted">{detail}</p>
        <div className="mt-2 flex flex-wrap justify-end gap-2">
          <Button autoFocus onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button look={look} busy={busy} onClick={onConfirm}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
