/** Waiting for the other side to answer; a call that will be recorded asks for consent meanwhile. */
import clsx from "clsx";
import { MessageSquare, PhoneOff, RotateCcw, Settings, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useCallPage } from "./callPage";
import { useCalls } from "./context";
import { HeldBar } from "./HeldBar";
import { MediaErrorNote } from "./MediaErrorNote";
import { OwnVideo } from "./OwnVideo";
import { PersonTitle, RingingAvatar, RoundButton, type Person } from "./pieces";
import { ConsentCard, isAsked } from "./recording/ConsentNotice";
import { RecordingBadge } from "./recording/RecordingBadge";
import { Minimise } from "./TopBar";
import type { CallView } from "./view";

/** The browser refused the microphone: there is nothing to wait for. */
const isStuck = (view: CallView): boolean => view.stage === "asking" && view.mediaError !== null;

export function useOutgoingWords(view: CallView): string {
  const { t } = useTranslation();
  if (isStuck(view)) return t(view.kind === "video" ? "call.video" : "call.audio");
  if (view.stage === "asking") return t(view.kind === "video" ? "call.asking" : "call.askingAudio");
  if (view.consent === "said") return t("recording.notice.sending");
  if (view.call === null) return t("call.calling");
  return t(view.call.waiting ? "call.waiting" : "call.ringing");
}

export interface OutgoingCallProps {
  view: CallView;
  held: CallView | null;
  person: Person;
  onChat(): void;
}

export function OutgoingCall({ view, held, person, onChat }: OutgoingCallProps) {
  const { t } = useTranslation();
  const calls = useCalls();
  const { showPanel } = useCallPage();
  const stuck = isStuck(view);
  const words = useOutgoingWords(view);
  const asked = isAsked(view);

  function again(): void {
    calls.hangUp();
    void calls.call(person.id, view.kind);
  }

  return (
    <>
      {view.localVideo !== null && <OwnVideo stream={view.localVideo} className="absolute inset-0 size-full object-cover opacity-40" />}
      <div className="absolute top-0 left-0 z-10 p-3 pt-[max(12px,env(safe-area-inset-top))]">
        <Minimise />
      </div>
      {/* Once agreed to, it says what will be. */}
      {!asked && (
        <div className="pointer-events-none absolute inset-x-0 top-0 z-10 flex justify-center *:pointer-events-auto pt-[max(12px,env(safe-area-inset-top))]">
          <RecordingBadge recording={view.call?.recording} />
        </div>
      )}
      <div className={clsx("absolute inset-0 overflow-y-auto p-6", asked ? "pt-16" : "pb-40")}>
        <div className={clsx("flex min-h-full flex-col items-center justify-center", asked ? "gap-5" : "gap-8")}>
          {held !== null && <HeldBar view={held} />}
          <RingingAvatar person={person} />
          <PersonTitle person={person}>{words}</PersonTitle>
          <MediaErrorNote error={view.mediaError} />
          {asked && <ConsentCard view={view} onLeave={() => calls.hangUp()} />}
        </div>
      </div>
      <div hidden={asked} className="absolute inset-x-0 bottom-0 flex justify-center gap-2 pb-[max(24px,env(safe-area-inset-bottom))]">
        {stuck ? (
          <RoundButton label={t("app.retry")} caption={t("app.retry")} look="on" icon={<RotateCcw />} onClick={again} />
        ) : (
          <RoundButton label={t("call.toChat")} caption={t("call.toChat")} look="on" icon={<MessageSquare />} disabled={view.call === null} onClick={onChat} />
        )}
        <RoundButton label={t("call.devices")} caption={t("call.devices")} look="on" icon={<Settings />} onClick={() => showPanel(true)} />
        <RoundButton
          label={stuck ? t("app.close") : t("call.cancel")}
          caption={stuck ? t("app.close") : t("call.cancel")}
          look={stuck ? "on" : "end"}
          icon={stuck ? <X /> : <PhoneOff />}
          onClick={() => calls.hangUp()}
        />
      </div>
    </>
  );
}
