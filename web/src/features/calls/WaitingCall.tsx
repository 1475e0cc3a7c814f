/** A second call rings while one talks: a card over the first, which goes on meanwhile. */
import { Pause, Phone, PhoneOff, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../../ui/Avatar";
import { useCalls } from "./context";
import { MediaErrorNote } from "./MediaErrorNote";
import { RoundButton, usePerson } from "./pieces";
import { isAsked, NoticeText, useAgree } from "./recording/ConsentNotice";
import { RecordingStrip } from "./recording/RecordingStrip";
import type { CallView } from "./view";

export function WaitingCall({ view, canHold }: { view: CallView; canHold: boolean }) {
  const { t } = useTranslation();
  const calls = useCalls();
  const person = usePerson(view.peerId);
  const video = view.kind === "video";
  const agree = useAgree(view, "waiting");
  const asked = isAsked(view);
  const answer = (how: "hold" | "end"): void => {
    agree();
    void calls.answerWaiting(how);
  };
  return (
    <section
      role="alertdialog"
      aria-label={t("call.waitingTitle", { name: person.name })}
      data-theme="dark"
      className="fixed inset-x-3 top-[calc(0.75rem+env(safe-area-inset-top))] z-50 mx-auto flex max-h-[calc(100dvh-1.5rem)] max-w-sm animate-rise flex-col overflow-hidden rounded-3xl border border-line bg-raised text-text shadow-big"
    >
      <RecordingStrip />
      <div className="flex min-h-0 flex-col gap-3 overflow-y-auto p-4">
        <div className="flex items-center gap-3">
          <Avatar id={person.id} name={person.name} picture={person.picture} />
          <div className="min-w-0">
            <h2 className="truncate text-base font-semibold">{person.name}</h2>
            <p role="status" className="text-sm text-muted">
              {t(video ? "call.incomingVideo" : "call.incomingAudio")}
            </p>
          </div>
        </div>
        {asked && <NoticeText view={view} className="rounded-2xl bg-panel p-3" />}
        <MediaErrorNote error={view.mediaError} />
        {asked && <p className="text-sm text-muted">{t("recording.notice.answering")}</p>}
        <div className="flex justify-around">
          {canHold && (
            <RoundButton
              label={t("call.holdAndAnswer")}
              caption={t("call.holdAndAnswer")}
              look="answer"
              icon={<Pause />}
              onClick={() => answer("hold")}
            />
          )}
          <RoundButton
            label={t("call.endAndAnswer")}
            caption={t("call.endAndAnswer")}
            look="answer"
            icon={video ? <Video /> : <Phone />}
            onClick={() => answer("end")}
          />
          <RoundButton
            label={t("call.decline")}
            caption={t("call.decline")}
            look="end"
            icon={<PhoneOff />}
            onClick={() => calls.declineWaiting()}
          />
        </div>
      </div>
    </section>
  );
}
