/** Whether the server can reach itself in the ways that calls need, and what a firewall must let in. */
import { CircleCheck, CircleX } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Reachability } from "../../../../api/types";
import { fullDate } from "../../../../lib/time";
import { Card } from "../../../../ui/Card";

export function ReachCard({ reach }: { reach: Reachability }) {
  const { t, i18n } = useTranslation();
  const { checks, firewall, checked_at: at } = reach;
  const well = checks.every((check) => check.ok);
  return (
    <Card title={t("callAdmin.reach.title")}>
      {checks.length === 0 ? (
        <p className="text-muted">{t("callAdmin.reach.waiting")}</p>
      ) : (
        <>
          <p className={well ? "" : "text-danger"}>{t(well ? "callAdmin.reach.good" : "callAdmin.reach.bad")}</p>
          <ul className="mt-3 flex flex-col gap-3">
            {checks.map(({ what, ok, detail }) => {
              const Icon = ok ? CircleCheck : CircleX;
              return (
                <li key={what} className="flex items-start gap-2">
                  <Icon role="img" aria-label={t(ok ? "callAdmin.reach.ok" : "callAdmin.reach.failed")} size={18} className={`mt-px shrink-0 ${ok ? "text-good" : "text-danger"}`} />
                  <span className="min-w-0">
                    <span className="block font-medium">{t(`callAdmin.reach.what.${what}`)}</span>
                    <span className="block text-sm wrap-anywhere text-muted">{detail}</span>
                  </span>
                </li>
              );
            })}
          </ul>
        </>
      )}
      {firewall.length > 0 && (
        <>
          <h3 className="mt-5 font-medium">{t("callAdmin.reach.firewall")}</h3>
          <ul aria-label={t("callAdmin.reach.firewall")} className="mt-2 flex flex-wrap gap-2">
            {firewall.map((port) => (
              <li key={port} className="rounded-lg bg-panel px-3 py-1.5 font-mono font-medium">
                {port}
              </li>
            ))}
          </ul>
          <p className="mt-2 text-sm text-muted">{t("callAdmin.reach.firewallDetail")}</p>
        </>
      )}
      {at != null && <p className="mt-4 text-sm text-muted">{t("callAdmin.reach.checkedAt", { when: fullDate(i18n.language, at) })}</p>}
    </Card>
  );
}
