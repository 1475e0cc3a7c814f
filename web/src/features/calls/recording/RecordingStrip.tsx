/** The sign as the first line of whatever lies over a call: a dialog, a menu, the card of a second call. */
import clsx from "clsx";
import { useTranslation } from "react-i18next";
import { useCallPage } from "../callPage";
import { useCallsView } from "../context";
import { shownOf, SIGNS } from "./look";

export function RecordingStrip() {
  const { t } = useTranslation();
  const { layout } = useCallPage();
  const { current, held } = useCallsView();
  const state = shownOf(current, held);
  // Who is being called is told by the notice itself.
  if (layout === null || state === null) return null;
  const Sign = SIGNS[state];
  const running = state === "on";
  return (
    <p
      data-sign={state}
      // It is on the call as well, and was said when it changed.
      aria-hidden="true"
      className={clsx(
        "flex shrink-0 items-center justify-center gap-2 px-4 py-1.5 text-center text-sm font-semibold",
        running ? "bg-danger-strong text-white" : "bg-[#14171d] text-white",
      )}
    >
      <Sign size={14} className={clsx("shrink-0", running ? "animate-pulse-soft" : "text-[#ff7b89]")} />
      {t(`recording.indicator.${state}`)}
    </p>
  );
}
