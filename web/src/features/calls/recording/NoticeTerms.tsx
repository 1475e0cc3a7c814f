/** What is recorded, by whom, why, and for how long it is kept. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { RecordingNotice } from "../../../api/types";
import { useKeptWords } from "../../../i18n/keptWords";
import { noticeText } from "./noticeText";

export function NoticeTerms({ notice }: { notice: RecordingNotice }) {
  const { t, i18n } = useTranslation();
  const kept = useKeptWords();
  const { purpose, language } = noticeText(notice, i18n.language);
  return (
    <dl className="flex flex-col gap-2 text-left text-sm">
      <Term name={t("recording.notice.what")}>{t(notice.video ? "recording.notice.video" : "recording.notice.sound")}</Term>
      <Term name={t("recording.notice.who")}>{notice.recorded_by}</Term>
      <Term name={t("recording.notice.why")}>
        <span lang={language} className="whitespace-pre-line">
          {purpose}
        </span>
      </Term>
      <Term name={t("recording.notice.kept")}>{kept(notice.retention_days)}</Term>
    </dl>
  );
}

function Term({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[5.5rem_1fr] gap-3">
      <dt className="text-muted">{name}</dt>
      <dd className="m-0 min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}
