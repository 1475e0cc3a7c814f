/** Above a call: make it small, its path, how long it lasts, how good it is. */
import clsx from "clsx";
import { ChevronDown } from "lucide-react";
import { useTranslation } from "react-i18next";
import { PathBadge, QualityBadge, Timer } from "./Badges";
import { useCallPage } from "./callPage";
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
  return (
    <div
      className={clsx(
        "pointer-events-none absolute inset-x-0 top-0 z-30 flex items-center gap-2 pt-[max(12px,env(safe-area-inset-top))] pr-[max(12px,env(safe-area-inset-right))] pl-[max(12px,env(safe-area-inset-left))] transition *:pointer-events-auto",
        hidden && "opacity-0",
      )}
    >
      <Minimise />
      {call?.path != null && <PathBadge path={call.path} compact={name !== null} onDetails={onDetails} />}
      <span className="mr-auto" />
      {call?.answered_at != null && stage === "talking" && <Timer since={call.answered_at} name={name} />}
      <QualityBadge view={view} onDetails={onDetails} />
    </div>
  );
}

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
