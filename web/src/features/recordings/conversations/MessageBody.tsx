/** A message with all that it was: as it is now, what it said before, who deleted it, its files. */
import clsx from "clsx";
import { CornerUpLeft, Download, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { archivedFileUrl, type ArchivedMessage } from "../../../api/archive";
import { fileSize } from "../../../lib/size";
import { shortDate } from "../../../lib/time";
import { Avatar } from "../../../ui/Avatar";
import { usePeople, usePreview } from "../../chat";
import { useMe, useNameOf } from "../../users";

export interface MessageBodyProps {
  message: ArchivedMessage;
  /** In a list of hits: nothing in it can be clicked. */
  brief?: boolean;
  /** Goes to what it replies to, if that is shown. */
  onReply?: (() => void) | undefined;
}

export function MessageBody({ message, brief = false, onReply }: MessageBodyProps) {
  const { t, i18n } = useTranslation();
  const when = (at: number): string => shortDate(i18n.language, at);
  const nameOf = useNameOf();
  const people = usePeople();
  const preview = usePreview(useMe().id, people);
  const { sender_id, created_at, versions, files } = message;
  const deleted = message.kind === "deleted";
  // Of a deleted message the last is what it said then.
  const said = deleted ? (versions.at(-1)?.text ?? "") : message.kind === "text" ? message.text : preview(message).text;
  const earlier = (deleted ? versions.slice(0, -1) : versions).toReversed();
  return (
    <div className="flex gap-3">
      <Avatar id={sender_id} name={nameOf(sender_id)} picture={people.get(sender_id)?.picture} size="sm" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium">{nameOf(sender_id)}</span>
          <time dateTime={new Date(created_at).toISOString()} className="text-sm text-muted tabular-nums">
            {when(created_at)}
          </time>
          {message.kind === "text" && message.edited_at != null && <span className="text-sm text-muted">{t("archive.read.edited", { when: when(message.edited_at) })}</span>}
          {message.reply_to_id != null && (onReply === undefined ? <Reply /> : <Reply onClick={onReply} />)}
        </p>
        {message.kind === "deleted" && (
          <p className="my-1 flex w-fit items-start gap-1.5 rounded-xl bg-warn-soft px-2.5 py-1 text-sm font-medium text-warn-text">
            <Trash2 size={15} aria-hidden className="mt-0.5 shrink-0" />
            {t("archive.read.deleted", { when: when(message.deleted_at), name: nameOf(message.deleted_by ?? sender_id) })}
          </p>
        )}
        {said !== "" && (
          <p className={clsx("wrap-anywhere whitespace-pre-wrap", message.kind === "notice" || message.kind === "call" ? "text-muted" : deleted && "line-through decoration-muted")}>{said}</p>
        )}
        {earlier.map(({ text, replaced_at }) => (
          <div key={`${replaced_at} ${text}`} className="mt-2 border-l-[3px] border-line-strong pl-3">
            <p className="text-sm text-muted">{t("archive.read.until", { when: when(replaced_at) })}</p>
            <p className="wrap-anywhere whitespace-pre-wrap">{text}</p>
          </div>
        ))}
        {files.length > 0 && (
          <ul aria-label={t("archive.read.files")} className="mt-2 flex flex-col items-start gap-1">
            {files.map(({ id, name, size }) => (
              <li key={id} className="max-w-full">
                {brief ? <span className="text-sm text-muted">{name}</span> : <FileLink id={id} name={name} size={size} />}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

function Reply({ onClick }: { onClick?: () => void }) {
  const { t } = useTranslation();
  const word = (
    <>
      <CornerUpLeft size={14} aria-hidden /> {t("archive.read.reply")}
    </>
  );
  if (onClick === undefined) return <span className="inline-flex items-center gap-1 text-sm text-muted">{word}</span>;
  return (
    <button type="button" title={t("archive.read.toReply")} onClick={onClick} className="-my-3 inline-flex min-h-11 items-center gap-1 text-sm text-accent hover:underline md:my-0 md:min-h-0">
      {word}
    </button>
  );
}

function FileLink({ id, name, size }: { id: string; name: string; size: number }) {
  const { t, i18n } = useTranslation();
  return (
    <a
      href={archivedFileUrl(id)}
      download
      aria-label={t("archive.read.download", { name })}
      className="inline-flex min-h-11 max-w-full items-center gap-2 rounded-xl border border-line bg-raised px-3 text-sm transition hover:bg-panel md:min-h-9"
    >
      <Download size={16} aria-hidden className="shrink-0" />
      <span className="truncate">{name}</span>
      <span className="shrink-0 text-muted tabular-nums">{fileSize(i18n.language, size)}</span>
    </a>
  );
}
