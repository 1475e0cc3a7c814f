/** One text message. */
import clsx from "clsx";
import { Check, CircleAlert, Clock } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useErrorWords } from "../../i18n/errorWords";
import { isEmojiOnly } from "../../lib/emoji";
import { linkify } from "../../lib/links";
import { clock, fullDate } from "../../lib/time";
import { useOutbox } from "./context";
import type { State, TextEntry } from "./timeline";

function Words({ text }: { text: string }) {
  return linkify(text).map((piece, i) =>
    piece.kind === "text" ? (
      piece.text
    ) : (
      <a key={i} href={piece.href} target="_blank" rel="noopener noreferrer nofollow" className="underline underline-offset-2">
        {piece.text}
      </a>
    ),
  );
}

function StateIcon({ state }: { state: State }) {
  const { t } = useTranslation();
  const words = { waiting: t("chat.waiting"), sent: t("chat.sent"), failed: t("chat.failed") }[state];
  const Icon = { waiting: Clock, sent: Check, failed: CircleAlert }[state];
  return (
    <span role="img" aria-label={words} title={words} className="inline-flex">
      <Icon size={13} strokeWidth={2.5} aria-hidden />
    </span>
  );
}

/** Inner corners of a group are tight, outer ones round; the side of the sender is the inner side. */
function corners({ own, first, last }: TextEntry): string {
  return own
    ? clsx("rounded-[18px]", !first && "rounded-tr-md", !last && "rounded-br-md")
    : clsx("rounded-[18px]", !first && "rounded-tl-md", !last && "rounded-bl-md");
}

/** The timeline is made anew with each message; the bubbles that were there stay as they are. */
function looksTheSame({ entry: a }: { entry: TextEntry }, { entry: b }: { entry: TextEntry }): boolean {
  return a.key === b.key && a.text === b.text && a.at === b.at && a.state === b.state && a.code === b.code && a.first === b.first && a.last === b.last;
}

export const Bubble = memo(function Bubble({ entry }: { entry: TextEntry }) {
  const { i18n } = useTranslation();
  const large = isEmojiOnly(entry.text);
  const failed = entry.state === "failed";
  return (
    <div className={clsx("flex max-w-[min(65ch,82%)] flex-col", entry.own ? "items-end self-end" : "items-start")}>
      <div
        className={clsx(
          "flow-root max-w-full wrap-anywhere whitespace-pre-wrap",
          large ? "text-[44px] leading-[52px]" : ["px-3.5 py-2 shadow-soft", corners(entry)],
          !large && (entry.own ? "bg-gradient-own text-white" : "bg-bubble"),
          failed && "opacity-80",
        )}
      >
        <Words text={entry.text} />
        <span
          className={clsx(
            // Floats beside the last line if there is room, else below it.
            "relative top-1.5 float-right ml-2.5 flex items-center gap-1 text-[11px] leading-4 tabular-nums",
            large || !entry.own ? "text-muted" : "text-white",
          )}
        >
          <time dateTime={new Date(entry.at).toISOString()} title={fullDate(i18n.language, entry.at)}>
            {clock(i18n.language, entry.at)}
          </time>
          {entry.own && <StateIcon state={entry.state} />}
        </span>
      </div>
      {failed && <Failure entry={entry} />}
    </div>
  );
}, looksTheSame);

function Failure({ entry }: { entry: TextEntry }) {
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
