/** Waiting for the other side to answer. */
import { PhoneOff, RotateCcw, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { CallOverlay } from "./CallOverlay";
import { useCalls } from "./context";
import { MediaErrorNote, PersonTitle, RingingAvatar, RoundButton, type Person } from "./pieces";
import { OwnVideo } from "./OwnVideo";
import type { CallView } from "./view";

export function OutgoingCall({ view, person }: { view: CallView; person: Person }) {
  const { t } = useTranslation();
  const calls = useCalls();
  const stuck = view.stage === "asking" && view.mediaError !== null;

  function words(): string {
    if (stuck) return t(view.kind === "video" ? "call.video" : "call.audio");
    if (view.stage === "asking") return t(view.kind === "video" ? "call.asking" : "call.askingAudio");
    return view.call === null ? t("call.calling") : t("call.ringing");
  }

  function again(): void {
    calls.hangUp();
    void calls.call(person.id, view.kind);
  }

  return (
    <CallOverlay label={t("call.inCall", { name: person.name })}>
      {view.localVideo !== null && (
        <OwnVideo stream={view.localVideo} className="absolute inset-0 size-full object-cover opacity-40" />
      )}
      <div className="relative flex h-full flex-col items-center justify-center gap-8 p-6">
        <RingingAvatar person={person} />
        <PersonTitle person={person}>{words()}</PersonTitle>
        <MediaErrorNote error={view.mediaError} />
        <div className="flex gap-6">
          {stuck && <RoundButton label={t("app.retry")} caption={t("app.retry")} look="on" icon={<RotateCcw />} onClick={again} />}
          <RoundButton
            label={stuck ? t("app.close") : t("call.cancel")}
            caption={stuck ? t("app.close") : t("call.cancel")}
            look={stuck ? "on" : "end"}
            icon={stuck ? <X /> : <PhoneOff />}
            onClick={() => calls.hangUp()}
          />
        </div>
      </div>
    </CallOverlay>
  );
}
