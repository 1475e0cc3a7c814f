/** The other call of this page, which is on hold: back to it, or an end of it. */
import { ArrowLeftRight, Pause, PhoneOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Clock } from "./Badges";
import { useCalls } from "./context";
import { usePerson } from "./pieces";
import { shownState } from "./recording/look";
import { RecordingSign } from "./recording/RecordingBadge";
import type { CallView } from "./view";

export function HeldBar({ view }: { view: CallView }) {
  const { t } = useTranslation();
  const calls = useCalls();
  const { name } = usePerson(view.peerId);
  const since = view.call?.answered_at;
  return (
    <div
      role="group"
      aria-label={t("call.held", { name })}
      className="flex w-full max-w-md items-center gap-1 rounded-2xl bg-black/70 py-1 pr-1 pl-3 text-sm ring-1 ring-white/25"
    >
      <Pause size={16} aria-hidden className="shrink-0" />
      {/* On a narrow screen the sign stands for the words. */}
      <span className="min-w-0 flex-1 truncate px-1 font-medium sm:hidden">{name}</span>
      <span className="min-w-0 flex-1 truncate px-1 max-sm:hidden">{t("call.held", { name })}</span>
      <RecordingSign state={shownState(view.call?.recording)} />
      {since != null && <Clock since={since} />}
      <button
        type="button"
        onClick={() => void calls.swap()}
        className="ml-1 flex min-h-11 items-center gap-2 rounded-xl bg-white/15 px-3 font-medium hover:bg-white/25 focus-visible:outline-white"
      >
        <ArrowLeftRight size={16} aria-hidden />
        {t("call.swap")}
      </button>
      <button
        type="button"
        aria-label={t("call.hangUpHeld")}
        title={t("call.hangUpHeld")}
        onClick={() => calls.hangUpHeld()}
        className="grid size-11 shrink-0 place-items-center rounded-xl text-[#ff7b89] hover:bg-white/15 focus-visible:outline-white"
      >
        <PhoneOff size={18} />
      </button>
    </div>
  );
}
