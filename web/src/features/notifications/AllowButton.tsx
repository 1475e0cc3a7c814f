/** Asks the browser for notices and, where it can, for push; gone once it has been answered. */
import { useMutation } from "@tanstack/react-query";
import { Bell } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useStore } from "../../lib/useStore";
import { askPermission, permission } from "./permission";
import { canPush, startWorker, turnPushOn } from "./push";

/** One question turns all of it on; each part can be turned off in the settings. */
export function useAllow() {
  const { i18n } = useTranslation();
  return useMutation({
    mutationFn: async () => {
      if ((await askPermission()) !== "granted") return;
      await startWorker();
      // Where push services cannot be reached, notices of the open page still work.
      if (canPush()) await turnPushOn(i18n.language).catch(() => undefined);
    },
  });
}

export function AllowButton({ className }: { className: string }) {
  const { t } = useTranslation();
  const state = useStore(permission);
  const allow = useAllow();
  if (state !== "default") return null;
  return (
    <button type="button" className={className} disabled={allow.isPending} onClick={() => allow.mutate()}>
      <Bell size={18} aria-hidden /> {t("notices.allow")}
    </button>
  );
}
