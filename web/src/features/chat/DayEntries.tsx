/** One day of a chat, under its separator. */
import { useTranslation } from "react-i18next";
import { fullDay } from "../../lib/time";
import { useMe } from "../users";
import { CallCard } from "./CallCard";
import { usePeople } from "./face";
import { useNoticeWords } from "./noticeWords";
import { Row } from "./Row";
import type { CallEntry, Day, Entry, NoticeEntry } from "./timeline";

export interface DayEntriesProps {
  day: Day;
  name: string;
  /** Who is called back. */
  peerId: string | undefined;
  /** The message that one has jumped to. */
  marked: number | null;
}

export function DayEntries({ day, name, peerId, marked }: DayEntriesProps) {
  const { i18n } = useTranslation();
  return (
    <div role="group" aria-label={name} className="flex flex-col">
      <p
        title={fullDay(i18n.language, day.at)}
        className="sticky top-2 z-10 my-2 self-center rounded-full border border-line bg-raised px-3 py-0.5 text-xs leading-5 font-medium text-muted shadow-soft"
      >
        {name}
      </p>
      {day.entries.map((entry) => (
        <One key={entry.key} entry={entry} peerId={peerId} marked={entry.kind !== "line" && entry.seq === marked} />
      ))}
    </div>
  );
}

function One({ entry, peerId, marked }: { entry: Entry; peerId: string | undefined; marked: boolean }) {
  switch (entry.kind) {
    case "call":
      return <Call entry={entry} peerId={peerId} />;
    case "notice":
      return <NoticeLine entry={entry} />;
    case "line":
      return <NewLine />;
    default:
      return <Row entry={entry} marked={marked} />;
  }
}

function Call({ entry, peerId }: { entry: CallEntry; peerId: string | undefined }) {
  return (
    <div data-key={entry.key} data-seq={entry.seq} role="article" tabIndex={-1} className="flex flex-col pt-2.5">
      <CallCard entry={entry} peerId={peerId} />
    </div>
  );
}

function NoticeLine({ entry }: { entry: NoticeEntry }) {
  const me = useMe();
  const words = useNoticeWords(me.id, usePeople());
  return (
    <p data-key={entry.key} data-seq={entry.seq} className="mt-2.5 self-center px-6 text-center text-sm text-balance text-muted wrap-anywhere">
      {words(entry.notice, entry.senderId)}
    </p>
  );
}

/** Above the first message that is new. Has no place of its own among the messages, so no `data-seq` that could be read. */
function NewLine() {
  const { t } = useTranslation();
  return (
    <p data-key="line" role="separator" aria-label={t("chat.newLine")} className="my-2 flex items-center gap-3 text-xs font-semibold text-accent">
      <span className="h-px flex-1 bg-accent/40" />
      {t("chat.newLine")}
      <span className="h-px flex-1 bg-accent/40" />
    </p>
  );
}
