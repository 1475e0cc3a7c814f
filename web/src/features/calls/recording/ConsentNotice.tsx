/** The notice that one agrees to before the call has any media, or leaves. */
import clsx from "clsx";
import { Disc } from "lucide-react";
import { useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../../ui/Button";
import { useCalls } from "../context";
import type { CallView } from "../view";
import { noticeText } from "./noticeText";
import { NoticeTerms } from "./NoticeTerms";
import { RecordingBadge } from "./RecordingBadge";

/** Whether the notice is to be shown. Who has agreed is not asked again while the server has yet to confirm it. */
export const isAsked = ({ consent }: CallView): boolean => consent === "asked" || consent === "asked_anew";

/** Agrees in the language in which the notice is shown. */
export function useAgree(view: CallView, which: "current" | "waiting" = "current"): () => void {
  const { i18n } = useTranslation();
  const calls = useCalls();
  const notice = view.call?.recording?.notice;
  return () => {
    if (notice !== undefined) calls.agree(noticeText(notice, i18n.language).language, which);
  };
}

export interface NoticeTextProps {
  view: CallView;
  /** For who refers to it by `aria-describedby` or `aria-labelledby`. */
  id?: string;
  className?: string;
}

/** Title and terms, without the buttons: those are the call's own where it rings. */
export function NoticeText({ view, id, className }: NoticeTextProps) {
  const { t } = useTranslation();
  const recording = view.call?.recording;
  const soon = view.call?.phase === "ringing";
  return (
    <section aria-label={t(soon ? "recording.notice.titleSoon" : "recording.notice.title")} className={clsx("flex w-full flex-col gap-3", className)}>
      <h3 id={id} className="flex items-center gap-2 text-base font-semibold">
        <Disc size={18} aria-hidden className="shrink-0 text-danger" />
        {t(soon ? "recording.notice.titleSoon" : "recording.notice.title")}
      </h3>
      {view.consent === "asked_anew" && (
        <p role="alert" className="rounded-xl bg-warn-soft px-3 py-2 text-sm text-warn-text">
          {t("recording.notice.changed")}
        </p>
      )}
      {recording == null ? <p className="text-sm text-muted">{t("recording.notice.unknown")}</p> : <NoticeTerms notice={recording.notice} />}
    </section>
  );
}

/** With its own buttons: on the outgoing screen, and over a call that runs. */
export function ConsentCard({ view, onLeave, titleId }: { view: CallView; onLeave: () => void; titleId?: string }) {
  const { t } = useTranslation();
  const agree = useAgree(view);
  return (
    <div className="flex w-full max-w-sm animate-rise flex-col gap-4 rounded-3xl border border-line bg-raised p-5 text-text shadow-big">
      <NoticeText view={view} {...(titleId !== undefined && { id: titleId })} />
      <div className="flex flex-col gap-2">
        <Button look="primary" disabled={view.call?.recording == null} onClick={agree}>
          {t("recording.notice.continue")}
        </Button>
        <Button onClick={onLeave}>{t("recording.notice.leave")}</Button>
      </div>
    </div>
  );
}

/** Over a call: nothing of it can be used before one has decided. */
export function ConsentSheet({ view, onLeave }: { view: CallView; onLeave: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const sheet = useRef<HTMLDivElement>(null);
  useEffect(() => sheet.current?.focus(), []);
  return (
    <div
      ref={sheet}
      role="alertdialog"
      aria-modal="true"
      aria-labelledby={id}
      tabIndex={-1}
      className="absolute inset-0 z-40 flex flex-col items-center justify-center gap-3 overflow-y-auto bg-black/75 p-4 outline-none backdrop-blur-sm"
    >
      {/* The one of the call lies below. */}
      <div className="absolute inset-x-0 top-0 flex justify-center pt-[max(12px,env(safe-area-inset-top))]">
        <RecordingBadge recording={view.call?.recording} />
      </div>
      <ConsentCard view={view} titleId={id} onLeave={onLeave} />
      <p className="max-w-sm text-center text-sm text-white/80">{t("recording.notice.paused")}</p>
    </div>
  );
}
