/** Somebody calls: who, what kind, and two big buttons, the green one first. */
import { Phone, PhoneOff, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../ui/Dialog";
import { useCalls } from "./context";
import { MediaErrorNote, PersonTitle, RingingAvatar, RoundButton, type Person } from "./pieces";
import type { CallView } from "./view";

export function IncomingCall({ view, person }: { view: CallView; person: Person }) {
  const { t } = useTranslation();
  const calls = useCalls();
  const asking = view.stage === "asking";
  const video = view.kind === "video";
  return (
    <Dialog label={t("call.incomingTitle", { name: person.name })} className="w-88 max-w-[92vw]">
      <div className="flex flex-col items-center gap-[min(1.75rem,3dvh)] px-6 pt-[min(3.5rem,7dvh)] pb-[min(2rem,4dvh)]">
        <RingingAvatar person={person} />
        <PersonTitle person={person}>
          {asking ? t(video ? "call.asking" : "call.askingAudio") : t(video ? "call.incomingVideo" : "call.incomingAudio")}
        </PersonTitle>
        <MediaErrorNote error={view.mediaError} />
        <div className="flex w-full justify-around">
          <RoundButton
            label={t("call.accept")}
            caption={t("call.accept")}
            look="answer"
            icon={video ? <Video /> : <Phone />}
            disabled={asking}
            onClick={() => void calls.accept()}
          />
          <RoundButton
            label={t("call.decline")}
            caption={t("call.decline")}
            look="end"
            icon={<PhoneOff />}
            onClick={() => calls.decline()}
          />
        </div>
      </div>
    </Dialog>
  );
}
