/** The call itself: the other side large, oneself small, one bar of controls. */
import clsx from "clsx";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { CallDetails } from "./CallDetails";
import { CallNotes } from "./CallNotes";
import { useCalls } from "./context";
import { Controls } from "./Controls";
import { OwnTile } from "./OwnTile";
import { PersonTitle, type Person } from "./pieces";
import { isAsked } from "./recording/ConsentNotice";
import { TopBar } from "./TopBar";
import type { Actions } from "./useActions";
import { useStillness } from "./useStillness";
import type { CallView } from "./view";
import { VoiceAvatar } from "./VoiceAvatar";

export interface InCallProps {
  view: CallView;
  held: CallView | null;
  person: Person;
  /** The other side's camera or screen is seen. */
  pictured: boolean;
  actions: Actions;
  details: boolean;
  onDetails(): void;
  onHangUp(): void;
}

export function InCall({ view, held, person, pictured, actions, details, onDetails, onHangUp }: InCallProps) {
  const { t } = useTranslation();
  const calls = useCalls();
  const area = useRef<HTMLDivElement>(null);
  const touchedHidden = useRef(false);
  const still = useStillness(area, pictured && !details);
  const status = useCallStatus(view, person);
  return (
    <div
      ref={area}
      // The first touch shows hidden controls; it must not hang up. A mouse shows them on its way.
      onPointerDownCapture={(event) => {
        touchedHidden.current = still && event.pointerType === "touch";
      }}
      onClickCapture={(event) => {
        // What is elsewhere in the document (a menu) has not been hidden; a key has no `detail`.
        const inside = event.target instanceof Node && event.currentTarget.contains(event.target);
        if (touchedHidden.current && inside && event.detail > 0) event.stopPropagation();
      }}
      className={clsx("absolute inset-0", still && "cursor-none")}
    >
      {!pictured && (
        <div className="absolute inset-0 flex flex-col items-center justify-center gap-6 px-6 pb-24">
          <VoiceAvatar person={person} speaking={view.speaking.other} quiet={view.onHold} />
          <PersonTitle person={person}>{status}</PersonTitle>
          {view.onHold && (
            <button
              type="button"
              onClick={() => void calls.hold(false)}
              className="min-h-11 rounded-full bg-white px-5 font-medium text-[#0f1419] hover:bg-white/90 focus-visible:outline-white"
            >
              {t("call.resume")}
            </button>
          )}
        </div>
      )}
      {view.localVideo !== null && (
        <OwnTile stream={view.localVideo} raised={!still} speaking={view.speaking.me && view.microphone} muted={!view.microphone} />
      )}
      <TopBar view={view} name={pictured ? person.name : null} hidden={still} onDetails={onDetails} />
      <CallNotes view={view} held={held} person={person} status={pictured ? status : ""} />
      {details && <CallDetails view={view} onClose={onDetails} />}
      <Controls actions={actions} hidden={still} onHangUp={onHangUp} />
    </div>
  );
}

/** What is not as it should be, in a line. */
export function useCallStatus(view: CallView, person: Person): string {
  const { t } = useTranslation();
  const other = view.call?.participants.find(({ user_id }) => user_id === person.id);
  const recording = view.call?.recording;
  if (view.consent === "said") return t("recording.notice.sending");
  if (isAsked(view)) return t("recording.indicator.consent");
  if (recording?.waiting_for.includes(person.id) === true && recording.state !== "off") return t("recording.waitingFor", { name: person.name });
  if (view.stage === "asking") return t(view.kind === "video" ? "call.asking" : "call.askingAudio");
  if (view.stage === "connecting") return t("call.connecting");
  if (view.moving) return t("call.moving");
  if (view.interrupted) return t("call.reconnecting");
  if (other?.connected === false) return t("call.peerGone", { name: person.name });
  if (view.onHold) return t("call.onHold");
  if (other?.on_hold === true) return t("call.peerHolds", { name: person.name });
  return "";
}
