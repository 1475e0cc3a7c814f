/** What this browser itself has to be asked for: notices on the desktop, and push while the page is closed. */
import { useMutation } from "@tanstack/react-query";
import { BellOff, BellRing } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { ApiError } from "../../api/http";
import { useErrorWords } from "../../i18n/errorWords";
import { useStore } from "../../lib/useStore";
import { Button } from "../../ui/Button";
import { Switch } from "../../ui/Switch";
import { useAllow } from "./AllowButton";
import { browserName, permission, type Permission } from "./permission";
import { pushState, turnPushOff, turnPushOn } from "./push";

export function NoticeSettings() {
  const state = useStore(permission);
  return (
    <div className="mt-2 flex flex-col gap-1 border-t border-line pt-3">
      <PermissionLine state={state} />
      {state === "granted" && <PushSwitch />}
    </div>
  );
}

function PermissionLine({ state }: { state: Permission }) {
  const { t } = useTranslation();
  const allow = useAllow();
  const browser = browserName();
  const details: Record<Permission, string> = {
    granted: t("notices.granted"),
    default: t("notices.askDetail"),
    insecure: t("notices.insecure"),
    missing: t(browser === "ios" ? "notices.missing_ios" : "notices.missing"),
    denied: `${t("notices.denied")} ${t(`notices.how.${browser}`)}`,
  };
  const Icon = state === "granted" ? BellRing : BellOff;
  return (
    <div className="flex flex-wrap items-center gap-3 py-2">
      <Icon size={20} aria-hidden className="shrink-0 text-muted" />
      <div className="min-w-48 flex-1">
        <p className="font-medium">{t("notices.desktop")}</p>
        <p className="text-sm text-muted">{details[state]}</p>
      </div>
      {state === "default" && (
        <Button look="primary" busy={allow.isPending} onClick={() => allow.mutate()}>
          {t("notices.ask")}
        </Button>
      )}
    </div>
  );
}

function PushSwitch() {
  const { t, i18n } = useTranslation();
  const words = useErrorWords();
  const state = useStore(pushState);
  const change = useMutation({
    mutationFn: (on: boolean) => (on ? turnPushOn(i18n.language) : turnPushOff()),
    onError: (error) => {
      const why = error instanceof ApiError ? words(error.code) : t("notices.pushFailed", { code: error.name });
      toast.error(why);
    },
  });
  return (
    <Switch
      label={t("notices.push")}
      detail={t(state === "unsupported" ? "notices.pushUnsupported" : "notices.pushDetail")}
      checked={change.isPending ? change.variables : state === "on"}
      disabled={state === "unsupported" || state === "unknown" || change.isPending}
      onChange={(on) => change.mutate(on)}
    />
  );
}
