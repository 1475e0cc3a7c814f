/** Above a call: make it small, its path, whether it is recorded, how long it lasts, how good it is. */
import clsx from "clsx";
import { ChevronDown } from "lucide-react";
import { useTranslation } from "react-i18next";
import { PathBadge, QualityBadge, Timer } from "./Badges";
import { useCallPage } from "./callPage";
import { shownState } from "./recording/look";
import { RecordingBadge } from "./recording/RecordingBadge";
import type { CallView } from "./view";

export interface TopBarProps {
  view: CallView;
  /** Where no large name stands. */
  name: string | null;
  hidden: boolean;
  onDetails(): void;
}

export function TopBar({ view, name, hidden, onDetails }: TopBarProps) {
  const { call, stage } = view;
  const recorded = shownState(call?.recording) !== null;
  return (
    <div
      className={clsx(
        "group/bar pointer-events-none absolute inset-x-0 top-0 z-30 grid grid-cols-[auto_1fr] items-start gap-2 pt-[max(12px,env(safe-area-inset-top))] pr-[max(12px,env(safe-area-inset-right))] pl-[max(12px,env(safe-area-inset-left))]",
        // On a phone it has a row of its own.
        recorded && "md:grid-cols-[1fr_auto_1fr]",
      )}
      // What opens from the badges opens below that row.
      data-recorded={recorded || undefined}
    >
      <div className={clsx(SIDE, hidden && "opacity-0")}>
        <Minimise />
        {call?.path != null && <PathBadge path={call.path} compact={name !== null} onDetails={onDetails} />}
      </div>
      {recorded && (
        // Never hidden, however still it is.
        <div className="pointer-events-auto max-md:order-last max-md:col-span-2 max-md:justify-self-center">
          <RecordingBadge recording={call?.recording} />
        </div>
      )}
      <div className={clsx(SIDE, "justify-end", hidden && "opacity-0")}>
        {call?.answered_at != null && stage === "talking" && <Timer since={call.answered_at} name={name} />}
        <QualityBadge view={view} onDetails={onDetails} />
      </div>
    </div>
  );
}

const SIDE = "flex min-w-0 items-center gap-2 transition *:pointer-events-auto";

export function Minimise() {
  const { t } = useTranslation();
  const { show } = useCallPage();
  return (
    <button
      type="button"
      aria-label={t("call.minimise")}
      title={t("call.minimise")}
      onClick={() => show("small")}
      className="grid size-11 shrink-0 place-items-center rounded-full bg-black/55 backdrop-blur-sm transition hover:bg-black/75 focus-visible:outline-white"
    >
      <ChevronDown size={22} />
    </button>
  );
}
