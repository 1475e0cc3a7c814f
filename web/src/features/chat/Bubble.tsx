/** One message: what is replied to, files, text, and how it stands with it. */
import clsx from "clsx";
import { Ban } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { AttachmentKind } from "../../api/types";
import { useErrorWords } from "../../i18n/errorWords";
import { nameColorOf } from "../../lib/avatar";
import { isEmojiOnly } from "../../lib/emoji";
import { clock, fullDate } from "../../lib/time";
import { Attachments, UploadingAttachments, useUploadKinds } from "../files";
import { useMe } from "../users";
import { useOutbox } from "./context";
import { usePeople } from "./face";
import { mentionedNames } from "./mentionPieces";
import { Meta } from "./Meta";
import { QuoteBox } from "./QuoteBox";
import { useTimeline } from "./TimelineContext";
import type { DeletedEntry, TextEntry } from "./timeline";
import { Words } from "./Words";

/** Inner corners of a group are tight, outer ones round; the side of the sender is the inner side. */
function corners({ own, first, last }: TextEntry | DeletedEntry): string {
  return own
    ? clsx("rounded-[18px]", !first && "rounded-tr-md", !last && "rounded-br-md")
    : clsx("rounded-[18px]", !first && "rounded-tl-md", !last && "rounded-bl-md");
}

/** How the parts of the message fill the bubble. */
type Shape =
  /** Nothing but a few emoji. */
  | "large"
  /** Nothing but pictures: they fill the bubble, the time lies on them. */
  | "pictures"
  | "plain";

function shapeOf({ text, replyTo }: TextEntry, files: readonly AttachmentKind[]): Shape {
  if (files.length === 0) return isEmojiOnly(text) && replyTo === null ? "large" : "plain";
  const shown = files.every((kind) => kind === "image");
  return shown && text === "" && replyTo === null ? "pictures" : "plain";
}

/** The last line of a file's card or of a player has room for the time; pictures stand above all others. */
function endsWithRoom({ text }: TextEntry, files: readonly AttachmentKind[]): boolean {
  const last = files.findLast((kind) => kind !== "image");
  return text === "" && last !== undefined && last !== "video";
}

export function Bubble({ entry }: { entry: TextEntry }) {
  const { own, text, replyTo, message, uploads, senderId } = entry;
  const { group } = useTimeline();
  const me = useMe();
  const people = usePeople();
  const attachments = message?.attachments ?? [];
  const onTheWay = useUploadKinds(uploads);
  const files = attachments.length > 0 ? attachments.map(({ kind }) => kind) : onTheWay;
  const shape = shapeOf(entry, files);
  const named = group && !own && entry.first;
  return (
    <div
      data-bubble
      className={clsx(
        "flow-root max-w-full min-w-0 wrap-anywhere whitespace-pre-wrap pointer-coarse:select-none",
        shape === "large" ? "flex items-end text-[44px] leading-[52px]" : ["shadow-soft", corners(entry)],
        { large: "", pictures: "relative overflow-hidden p-1", plain: "px-3.5 py-2" }[shape],
        shape !== "large" && (own ? "bg-gradient-own text-white" : "bg-bubble"),
        entry.state === "failed" && "opacity-80",
      )}
    >
      {named && (
        <p className={clsx("truncate text-sm font-semibold", shape === "pictures" && "px-2.5 py-0.5")} style={{ color: nameColorOf(senderId) }}>
          {people.get(senderId)?.name ?? "…"}
        </p>
      )}
      {replyTo !== null && <QuoteBox quote={replyTo} own={own} />}
      {attachments.length > 0 ? (
        <div className={clsx(shape === "plain" && "-mx-1.5 my-0.5", text !== "" && "mb-1.5")}>
          <Attachments attachments={attachments} own={own} />
        </div>
      ) : (
        uploads.length > 0 && (
          <div className={clsx(shape === "plain" && "-mx-1.5 my-0.5", text !== "" && "mb-1.5")}>
            <UploadingAttachments uploads={uploads} />
          </div>
        )
      )}
      {text !== "" && <Words text={text} mentioned={mentionedNames(message?.mentions ?? [], people, me.id)} own={own} />}
      <Meta
        entry={entry}
        className={
          shape === "pictures"
            ? "absolute right-2.5 bottom-2.5 rounded-full bg-black/60 px-2 py-0.5 text-white"
            : // Floats beside the last line if there is room, else below it.
              clsx(
                shape === "large" ? "mb-1 ml-2" : ["relative float-right ml-2.5", endsWithRoom(entry, files) ? "-mt-6" : "top-1.5"],
                shape === "large" || !own ? "text-muted" : "text-white",
              )
        }
      />
    </div>
  );
}

/** The message was there; replies may still point to it. */
export function DeletedBubble({ entry }: { entry: DeletedEntry }) {
  const { t, i18n } = useTranslation();
  return (
    <p className={clsx("flex items-center gap-2 border border-line px-3.5 py-1.5 text-sm text-muted italic", corners(entry))}>
      <Ban size={14} aria-hidden className="shrink-0" />
      {t("preview.deleted")}
      <time dateTime={new Date(entry.at).toISOString()} title={fullDate(i18n.language, entry.at)} className="text-[11px] not-italic tabular-nums">
        {clock(i18n.language, entry.at)}
      </time>
    </p>
  );
}

/** A refused message: why, and what one can do. */
export function Failure({ entry }: { entry: TextEntry }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const outbox = useOutbox();
  return (
    <div role="alert" className="mt-1 flex flex-wrap items-center justify-end gap-x-1 text-sm text-danger">
      <span>{entry.code === undefined ? t("chat.failed") : t("chat.failedWhy", { why: words(entry.code) })}</span>
      <button type="button" onClick={() => outbox.retry(entry.key)} className="min-h-11 rounded-lg px-2 font-medium underline md:min-h-7">
        {t("chat.retry")}
      </button>
      <button type="button" onClick={() => outbox.discard(entry.key)} className="min-h-11 rounded-lg px-2 font-medium underline md:min-h-7">
        {t("chat.discard")}
      </button>
    </div>
  );
}
