/** Asks the browser for desktop notices of calls; gone once it has been answered. */
import { Bell } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

export function NotifyButton({ className }: { className: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(() => isSecureContext && "Notification" in window && Notification.permission === "default");
  if (!open) return null;
  return (
    <button
      type="button"
      className={className}
      onClick={() => void Notification.requestPermission().then((answer) => setOpen(answer === "default"))}
    >
      <Bell size={18} aria-hidden /> {t("settings.notify")}
    </button>
  );
}
