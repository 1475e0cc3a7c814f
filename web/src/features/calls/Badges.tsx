/** Which path the call takes, how good it is and how long it lasts; a click explains. */
import clsx from "clsx";
import { Lock, Server } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CallPath } from "../../api/types";
import { duration } from "../../lib/time";
import { useNow } from "../../lib/useNow";
import { Popover } from "../../ui/Popover";
import type { Quality } from "./quality";

const BADGE = "flex min-h-11 items-center gap-1.5 rounded-full bg-black/55 px-3.5 text-sm font-medium text-white backdrop-blur-sm";
const PANEL = "top-full mt-2 w-72 max-w-[80vw] p-4 text-sm";

export function PathBadge({ path }: { path: CallPath }) {
  const { t } = useTranslation();
  const direct = path === "direct";
  const words = t(direct ? "call.pathDirect" : "call.pathNode");
  return (
    <Popover
      label={words}
      buttonClassName={BADGE}
      panelClassName={clsx(PANEL, "left-0")}
      button={
        <>
          {direct ? <Lock size={15} aria-hidden /> : <Server size={15} aria-hidden />}
          {words}
        </>
      }
    >
      {() => <p>{t(direct ? "call.pathDirectWhy" : "call.pathNodeWhy")}</p>}
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

export function QualityBadge({ quality }: { quality: Quality | null }) {
  const { t } = useTranslation();
  const level = quality?.level ?? "unknown";
  return (
    <Popover
      label={t(WORDS[level])}
      buttonClassName={BADGE}
      panelClassName={clsx(PANEL, "right-0")}
      button={
        <span aria-hidden="true" className="flex items-end gap-0.5">
          {[1, 2, 3].map((bar) => (
            <span
              key={bar}
              className={clsx("w-1 rounded-sm bg-white", bar > BARS[level] && "opacity-30")}
              style={{ height: 4 + bar * 4 }}
            />
          ))}
        </span>
      }
    >
      {() => (
        <>
          <p className="font-medium">{t(WORDS[level])}</p>
          {quality !== null && level !== "unknown" && (
            <p className="mt-1 text-muted">
              {t("call.qualityDetail", {
                rtt: quality.roundTripMs ?? "–",
                loss: quality.lossPercent?.toFixed(1) ?? "–",
              })}
            </p>
          )}
        </>
      )}
    </Popover>
  );
}

/** How long the call lasts; with the other's name where no large name stands. */
export function Timer({ since, name }: { since: number; name: string | null }) {
  const now = useNow(1_000);
  return (
    <span className={clsx(BADGE, "min-w-0 tabular-nums")}>
      {name !== null && <span className="truncate">{name}</span>}
      <span role="timer">{duration(now - since)}</span>
    </span>
  );
}
