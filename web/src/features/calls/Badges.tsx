/** Which path the call takes, how good it is and how long it lasts; a click explains. */
import clsx from "clsx";
import { ChevronRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CallPath } from "../../api/types";
import { duration } from "../../lib/time";
import { useNow } from "../../lib/useNow";
import { Popover } from "../../ui/Popover";
import { PATHS } from "./paths";
import type { Quality } from "./quality";
import type { CallView } from "./view";

export const BADGE = "flex min-h-11 items-center gap-1.5 rounded-full bg-black/55 px-3.5 text-sm font-medium text-white backdrop-blur-sm";
const PANEL = "top-full mt-2 max-md:group-data-recorded/bar:mt-15 w-72 max-w-[80vw] p-4 text-sm";

function MoreLink({ onClick }: { onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <button type="button" onClick={onClick} className="mt-2 flex min-h-11 items-center gap-1 font-medium text-accent hover:underline">
      {t("call.details")}
      <ChevronRight size={16} aria-hidden />
    </button>
  );
}

/** `compact`: on a narrow screen the sign alone, where a name needs the room. */
export function PathBadge({ path, compact, onDetails }: { path: CallPath; compact: boolean; onDetails: () => void }) {
  const { t } = useTranslation();
  const { icon: Sign, name, why } = PATHS[path];
  const words = t(name);
  return (
    <Popover
      label={words}
      buttonClassName={BADGE}
      panelClassName={clsx(PANEL, "left-0 max-md:-left-12")}
      button={
        <>
          <Sign size={15} aria-hidden />
          <span className={clsx(compact && "max-sm:hidden")}>{words}</span>
        </>
      }
    >
      {(close) => (
        <>
          <p>{t(why)}</p>
          <MoreLink
            onClick={() => {
              close();
              onDetails();
            }}
          />
        </>
      )}
    </Popover>
  );
}

const BARS: Record<Quality["level"], number> = { unknown: 0, poor: 1, fair: 2, good: 3 };
const WORDS = {
  unknown: "call.qualityUnknown",
  poor: "call.qualityPoor",
  fair: "call.qualityFair",
  good: "call.qualityGood",
} as const;
const REASONS = {
  loss: { me: "call.quality.lossMe", other: "call.quality.lossOther", nobody: "call.quality.loss" },
  delay: { me: "call.quality.delayMe", other: "call.quality.delayOther", nobody: "call.quality.delay" },
  bandwidth: { me: "call.quality.bandwidthMe", other: "call.quality.bandwidthOther", nobody: "call.quality.bandwidth" },
  server: { me: "call.quality.server", other: "call.quality.server", nobody: "call.quality.server" },
} as const;

/** Why a call is less than good, in words for those who have it. */
export function useReasonWords(): (quality: Quality | null) => string | null {
  const { t } = useTranslation();
  return (quality) => (quality?.reason == null ? null : t(REASONS[quality.reason][quality.who ?? "nobody"]));
}

export function QualityBadge({ view, onDetails }: { view: CallView; onDetails: () => void }) {
  const { t } = useTranslation();
  const reason = useReasonWords();
  const { quality, pictureLimited } = view;
  const level = quality?.level ?? "unknown";
  return (
    <Popover
      label={t(WORDS[level])}
      buttonClassName={BADGE}
      panelClassName={clsx(PANEL, "right-0")}
      button={
        <span aria-hidden="true" className="flex items-end gap-0.5">
          {[1, 2, 3].map((bar) => (
            <span key={bar} className={clsx("w-1 rounded-sm bg-white", bar > BARS[level] && "opacity-30")} style={{ height: 4 + bar * 4 }} />
          ))}
        </span>
      }
    >
      {(close) => (
        <>
          <p className="font-medium">{t(WORDS[level])}</p>
          {quality !== null && level !== "unknown" && (
            <>
              <p className="mt-1">{reason(quality) ?? (level === "good" ? t("call.quality.good") : null)}</p>
              <p className="mt-1 text-muted tabular-nums">
                {t("call.qualityDetail", { rtt: quality.roundTripMs ?? "–", loss: quality.lossPercent?.toFixed(1) ?? "–" })}
              </p>
            </>
          )}
          {pictureLimited !== "none" && <p className="mt-1">{t(`call.quality.${pictureLimited}`)}</p>}
          <MoreLink
            onClick={() => {
              close();
              onDetails();
            }}
          />
        </>
      )}
    </Popover>
  );
}

/** How long the call lasts. */
export function Clock({ since }: { since: number }) {
  const now = useNow(1_000);
  return (
    <span role="timer" className="tabular-nums">
      {duration(now - since)}
    </span>
  );
}

/** With the other's name where no large name stands. */
export function Timer({ since, name }: { since: number; name: string | null }) {
  return (
    <span className={clsx(BADGE, "min-w-0")}>
      {name !== null && <span className="truncate">{name}</span>}
      <Clock since={since} />
    </span>
  );
}
