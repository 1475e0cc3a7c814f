/** What a message replies to; a click goes there. */
import clsx from "clsx";
import { useTranslation } from "react-i18next";
import type { Quote } from "../../api/types";
import { nameColorOf } from "../../lib/avatar";
import { useMe } from "../users";
import { usePeople } from "./face";
import { useTimeline } from "./TimelineContext";

/** The attachment of a quote without text, in a word. */
function useQuoteText(): (quote: Quote) => string {
  const { t } = useTranslation();
  return ({ text, attachment, deleted }) => {
    if (deleted) return t("preview.deleted");
    if (text.trim() !== "" || attachment == null) return text;
    const { kind, name, more } = attachment;
    if (kind === "image") return more > 0 ? t("preview.photos", { count: more + 1 }) : t("preview.photo");
    if (more > 0) return t("preview.files", { count: more + 1 });
    return kind === "voice" || kind === "video" ? t(`preview.${kind}`) : name;
  };
}

export function QuoteBox({ quote, own }: { quote: Quote; own: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  const people = usePeople();
  const { jump } = useTimeline();
  const textOf = useQuoteText();
  const sender = quote.sender_id;
  const name = sender === me.id ? me.name : (people.get(sender)?.name ?? "…");
  return (
    <button
      type="button"
      onClick={() => jump(quote.seq)}
      title={t("chat.toQuoted")}
      className={clsx(
        "mb-1 flex min-h-11 w-full max-w-full flex-col justify-center overflow-hidden rounded-lg border-l-[3px] px-2 py-1 text-left text-sm select-none",
        own ? "border-white/80 bg-white/15" : "border-current bg-panel",
      )}
      style={own ? undefined : { color: nameColorOf(sender) }}
    >
      <span className="max-w-full truncate font-semibold">{name}</span>
      <span className={clsx("line-clamp-2 max-w-full wrap-anywhere", own ? "text-white" : "text-text", quote.deleted && "italic")}>
        {textOf(quote)}
      </span>
    </button>
  );
}
