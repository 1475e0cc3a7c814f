/** One check: who, when, what came of it; its steps on demand. */
import { Check, ChevronRight, CircleCheck, PhoneOff, TriangleAlert, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ConnectionCheck, LegResult } from "../../../../api/types";
import { readAgent } from "../../../../lib/agent";
import { fullDate, shortWhen, clock, dayNumber } from "../../../../lib/time";
import { useNow } from "../../../../lib/useNow";
import { Avatar } from "../../../../ui/Avatar";
import { useUser } from "../../../users";

export function CheckRow({ check }: { check: ConnectionCheck }) {
  const { t } = useTranslation();
  const user = useUser(check.user_id);
  const name = user?.name ?? check.user_id;
  const well = check.verdict === "ok";
  const Icon = well ? CircleCheck : TriangleAlert;
  const broken = check.legs.filter((leg) => !leg.ok);
  return (
    <li className="flex items-start gap-3 py-3">
      <Avatar id={check.user_id} name={name} picture={user?.picture ?? null} size="md" />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-3">
          <span className="min-w-0 flex-1 font-medium wrap-anywhere">{name}</span>
          <When at={check.finished_at} />
        </p>
        <p className="mt-0.5 flex items-start gap-1.5">
          <Icon size={17} aria-hidden className={`mt-0.5 shrink-0 ${well ? "text-good" : "text-danger"}`} />
          <span className="min-w-0">{t(`callAdmin.verdict.${check.verdict}`)}</span>
        </p>
        {broken.length > 0 && (
          <div className="mt-1.5">
            <Legs legs={broken} label={t("callAdmin.day.failures")} />
          </div>
        )}
        <Origin check={check} />
        <details className="group mt-1">
          <summary className="flex min-h-11 w-fit cursor-pointer list-none items-center gap-1 rounded-lg text-sm font-medium text-accent hover:underline md:min-h-8">
            <ChevronRight size={16} aria-hidden className="transition group-open:rotate-90" />
            {t("callAdmin.checks.legs")}
          </summary>
          <Legs legs={check.legs} label={t("callAdmin.checks.legsOf", { name })} detailed />
        </details>
      </div>
    </li>
  );
}

function When({ at }: { at: number }) {
  const { i18n } = useTranslation();
  const now = useNow(60_000);
  const day = shortWhen(i18n.language, at, now);
  const time = clock(i18n.language, at);
  return (
    <time dateTime={new Date(at).toISOString()} title={fullDate(i18n.language, at)} className="shrink-0 text-sm text-muted tabular-nums">
      {dayNumber(at) === dayNumber(now) ? time : `${day}, ${time}`}
    </time>
  );
}

/** Why it was made, with what, and where from. */
function Origin({ check }: { check: ConnectionCheck }) {
  const { t } = useTranslation();
  const { browser, system } = readAgent(check.agent);
  const device = [browser, system].filter((word) => word !== null).join(", ") || t("callAdmin.checks.unknownAgent");
  return (
    <p className="mt-1.5 text-sm wrap-anywhere text-muted">
      {check.call_id == null ? (
        t("callAdmin.checks.byHand")
      ) : (
        <span title={t("callAdmin.checks.callId", { id: check.call_id })}>
          <PhoneOff size={14} aria-hidden className="mr-1 inline align-[-2px]" />
          {t("callAdmin.checks.afterCall")}
        </span>
      )}
      <span title={check.agent}> · {device}</span> · {check.address}
    </p>
  );
}

function Legs({ legs, label, detailed = false }: { legs: readonly LegResult[]; label: string; detailed?: boolean }) {
  const { t } = useTranslation();
  return (
    <ul aria-label={label} className={detailed ? "flex flex-col gap-1 pb-1 text-sm" : "flex flex-wrap gap-1.5 text-sm"}>
      {legs.map(({ leg, ok, ms, detail }) => {
        const Icon = ok ? Check : X;
        return (
          <li key={leg} className={detailed ? "flex items-start gap-1.5" : "flex items-center gap-1 rounded-full bg-panel px-2.5 py-1"}>
            <Icon role="img" aria-label={t(ok ? "callAdmin.checks.ok" : "callAdmin.checks.failed")} size={15} className={`mt-px shrink-0 ${ok ? "text-good" : "text-danger"}`} />
            <span className="min-w-0 wrap-anywhere">
              {t(`callAdmin.leg.${leg}`)}
              {detailed && ms != null && <span className="text-muted tabular-nums"> · {t("callAdmin.checks.ms", { value: ms })}</span>}
              {detailed && detail != null && <span className="text-muted"> · {detail}</span>}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
