/** Somebody calls: who, what kind, and two big buttons, the green one first. */
import clsx from "clsx";
import { Phone, PhoneOff, Settings, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../ui/Dialog";
import { useCallPage } from "./callPage";
import { useCalls } from "./context";
import { MediaErrorNote } from "./MediaErrorNote";
import { isAsked, NoticeText, useAgree } from "./recording/ConsentNotice";
import { PersonTitle, RingingAvatar, RoundButton, type Person } from "./pieces";
import type { CallView } from "./view";

export function IncomingCall({ view, person }: { view: CallView; person: Person }) {
  const { t } = useTranslation();
  const calls = useCalls();
  const { showPanel } = useCallPage();
  const video = view.kind === "video";
  const agree = useAgree(view);
  const asked = isAsked(view);
  const accept = t(asked ? "recording.notice.answer" : "call.accept");
  const leave = t(asked ? "recording.notice.leave" : "call.decline");
  return (
    <Dialog label={t("call.incomingTitle", { name: person.name })} className="w-88 max-w-[92vw]">
      <div className="flex flex-col items-center gap-[min(1.75rem,3dvh)] px-6 pt-[min(3.5rem,7dvh)] pb-[min(1rem,2dvh)]">
        {/* On a low screen the buttons come first. */}
        <div className={clsx(asked && "[@media(max-height:780px)]:hidden")}>
          <RingingAvatar person={person} />
        </div>
        <PersonTitle person={person}>{t(video ? "call.incomingVideo" : "call.incomingAudio")}</PersonTitle>
        {asked && <NoticeText view={view} className="rounded-2xl bg-panel p-4" />}
        <MediaErrorNote error={view.mediaError} />
        <div className="flex w-full justify-around">
          <RoundButton
            label={accept}
            caption={accept}
            look="answer"
            icon={video ? <Video /> : <Phone />}
            onClick={() => {
              agree();
              void calls.accept();
            }}
          />
          <RoundButton label={leave} caption={leave} look="end" icon={<PhoneOff />} onClick={() => calls.decline()} />
        </div>
        <button
          type="button"
          onClick={() => showPanel(true)}
          className="flex min-h-11 items-center gap-2 rounded-full px-4 text-sm text-muted hover:bg-panel hover:text-text"
        >
          <Settings size={16} aria-hidden />
          {t("call.devices")}
        </button>
      </div>
    </Dialog>
  );
}
