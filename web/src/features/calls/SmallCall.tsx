/** The call made small: who, how long, mute, hang up, and back. On a phone a bar above the page, else a card in a corner. */
import clsx from "clsx";
import { Maximize2, Mic, MicOff, PhoneOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../../ui/Avatar";
import { Clock } from "./Badges";
import { screenOf, useCallPage } from "./callPage";
import { useCalls } from "./context";
import { useCallStatus } from "./InCall";
import { useOutgoingWords } from "./OutgoingCall";
import type { Person } from "./pieces";
import { shownOf } from "./recording/look";
import { RecordingSign } from "./recording/RecordingBadge";
import type { CallView } from "./view";

const BUTTON = "grid size-11 shrink-0 place-items-center rounded-full transition focus-visible:outline-white";

export interface SmallCallProps {
  view: CallView;
  held: CallView | null;
  person: Person;
  /** A picture is shown: above the row, or on a phone in place of the avatar. */
  pictured: boolean;
  phone: boolean;
}

export function SmallCall({ view, held, person, pictured, phone }: SmallCallProps) {
  const { t } = useTranslation();
  const calls = useCalls();
  const { show } = useCallPage();
  const back = (): void => show("full");
  const { microphone } = view;
  const sign = shownOf(view, held);
  return (
    <div className={clsx("flex h-16 items-center gap-1 px-2", phone && "bg-[#1b1430]")}>
      <button
        type="button"
        aria-label={t("call.expand")}
        title={t("call.expand")}
        onClick={back}
        className="flex h-14 min-w-0 flex-1 items-center gap-3 rounded-xl text-left focus-visible:outline-white"
      >
        {phone && pictured ? (
          <span className="size-12 shrink-0" />
        ) : (
          <Avatar
            id={person.id}
            name={person.name}
            picture={person.picture}
            size="md"
            className={clsx("ml-1 rounded-full", view.speaking.other && "ring-[3px] ring-online")}
          />
        )}
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{person.name}</span>
          <span className="flex min-w-0 items-center gap-1.5 truncate text-sm text-white/80">
            <RecordingSign words state={sign} />
            <Standing view={view} person={person} />
          </span>
        </span>
        {sign === null && <Maximize2 size={18} aria-hidden className="shrink-0 text-white/80 max-md:hidden" />}
      </button>
      {screenOf(view) === "call" && (
        <button
          type="button"
          aria-label={microphone ? t("call.micOff") : t("call.micOn")}
          title={microphone ? t("call.micOff") : t("call.micOn")}
          onClick={() => calls.setMicrophone(!microphone)}
          className={clsx(BUTTON, microphone ? "bg-white/15 hover:bg-white/25" : "bg-white text-[#0f1419] hover:bg-white/90")}
        >
          {microphone ? <Mic size={20} /> : <MicOff size={20} />}
        </button>
      )}
      <button
        type="button"
        aria-label={t("call.hangUp")}
        title={t("call.hangUp")}
        onClick={() => calls.hangUp()}
        className={clsx(BUTTON, "ml-1 bg-danger-strong hover:brightness-110")}
      >
        <PhoneOff size={20} />
      </button>
    </div>
  );
}

function Standing({ view, person }: { view: CallView; person: Person }) {
  const status = useCallStatus(view, person);
  const outgoing = useOutgoingWords(view);
  if (screenOf(view) === "outgoing") return <span className="truncate">{outgoing}</span>;
  if (status !== "") return <span className="truncate">{status}</span>;
  return view.call?.answered_at == null ? null : <Clock since={view.call.answered_at} />;
}
