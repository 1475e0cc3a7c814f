/** What happened in the call, in order; a click goes there. */
import { useTranslation } from "react-i18next";
import { recordings as ru } from "../../../i18n/ru/recordings";
import { duration } from "../../../lib/time";
import { useNameOf } from "../../users";
import type { Moment } from "../player/lanes";
import { known } from "../words";

export function Moments({ moments, onSeek }: { moments: readonly Moment[]; onSeek: (ms: number) => void }) {
  const { t } = useTranslation();
  const words = useMomentWords();
  return (
    <section aria-label={t("recordings.event.title")}>
      <h3 className="mb-1 font-medium">{t("recordings.event.title")}</h3>
      {moments.length === 0 && <p className="text-sm text-muted">{t("recordings.event.none")}</p>}
      <ol className="max-h-56 overflow-y-auto">
        {moments.map((moment, i) => (
          // Two of a kind may be at one moment.
          <li key={`${i} ${moment.atMs}`}>
            <button
              type="button"
              onClick={() => onSeek(moment.atMs)}
              className="flex min-h-11 w-full items-center gap-3 rounded-lg px-2 text-left text-sm outline-offset-[-2px] hover:bg-panel md:min-h-8"
            >
              <span className="w-14 shrink-0 text-right text-muted tabular-nums">{duration(moment.atMs)}</span>
              <span className="wrap-anywhere">{words(moment)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function useMomentWords(): (moment: Moment) => string {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  return ({ kind, userId, gap }) => {
    const name = nameOf(userId);
    if (kind !== "gap") return t(`recordings.event.${kind}`, { name });
    const { fromMs, toMs, reason } = gap ?? { fromMs: 0, toMs: 0, reason: "" };
    const why = known(ru.reason, reason) ? t(`recordings.reason.${reason}`, { reason }) : t("recordings.reason.other", { reason });
    return t("recordings.event.gap", { name, length: duration(toMs - fromMs), reason: why });
  };
}
