/** The way to the check of one's connection. */
import { Stethoscope } from "lucide-react";
import { useTranslation } from "react-i18next";
import { navigate } from "../../lib/router";
import { Button } from "../../ui/Button";

export function CheckButton() {
  const { t } = useTranslation();
  return (
    <div className="flex flex-wrap items-center gap-3">
      <p className="min-w-48 flex-1 text-sm text-muted">{t("call.checkDetail")}</p>
      <Button icon={<Stethoscope size={18} aria-hidden />} onClick={() => navigate({ name: "check" })}>
        {t("call.check")}
      </Button>
    </div>
  );
}
