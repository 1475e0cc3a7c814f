/** The second line of a chat's row: a draft, what is on its way, or the last message in words; and what became of the reader's own. */
import clsx from "clsx";
import { Check, CheckCheck, CircleAlert, Clock } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ListedConversation } from "../../api/types";
import { useMe } from "../users";
import { isReadByOthers } from "./conversations";
import type { People } from "./face";
import type { Outgoing } from "./outbox";
import { usePreview, type Preview } from "./preview";
import { useTypingWords } from "./typingWords";

export interface LastLineProps {
  conversation: ListedConversation;
  people: People;
  outgoing: Outgoing | undefined;
  /** Whether the draft is shown in place of the last message. */
  drafted: boolean;
}

const LINE = "flex min-w-0 flex-1 items-center gap-1.5 text-sm";

export function LastLine({ conversation, people, outgoing, drafted }: LastLineProps) {
  const { t } = useTranslation();
  const me = useMe();
  const previewOf = usePreview(me.id, people);
  const typing = useTypingWords(conversation.id);
  const { kind, last_message: last, draft, unread } = conversation;
  if (typing !== null) {
    return (
      <span className={LINE}>
        <span className="truncate text-accent">{kind === "direct" ? t("preview.typing") : typing}</span>
      </span>
    );
  }
  if (drafted) {
    return (
      <span className={LINE}>
        <span className="truncate text-muted">
          <span className="font-medium text-accent">{t("preview.draft")}</span> {draft?.text.replace(/\s+/gu, " ")}
        </span>
      </span>
    );
  }
  if (outgoing !== undefined) {
    const text = outgoing.text.replace(/\s+/gu, " ") || t("preview.files", { count: outgoing.uploads.length });
    return <Line preview={{ Icon: null, text, said: true }} by={t("notice.youSaid")} />;
  }
  if (last == null) return <span className={LINE} />;
  const preview = previewOf(last);
  const by = last.sender_id === me.id ? t("notice.youSaid") : kind === "group" ? firstName(people.get(last.sender_id)?.name) : null;
  return <Line preview={preview} by={preview.said ? by : null} strong={unread > 0} faint={last.kind === "deleted"} />;
}

function firstName(name: string | undefined): string | null {
  return name?.split(/\s/u)[0] ?? null;
}

function Line({ preview: { Icon, text }, by, strong, faint }: { preview: Preview; by: string | null; strong?: boolean; faint?: boolean }) {
  const { t } = useTranslation();
  return (
    <span className={clsx(LINE, strong === true ? "text-text" : "text-muted", faint === true && "italic")}>
      {Icon !== null && <Icon size={15} aria-hidden className="shrink-0 text-muted" />}
      <span className="truncate">{by === null ? text : t("preview.from", { name: by, text })}</span>
    </span>
  );
}

/** The same marks as in the bubbles: a clock, one tick, two ticks, or what is wrong. */
export function SentState({ conversation, outgoing }: Pick<LastLineProps, "conversation" | "outgoing">) {
  const { t } = useTranslation();
  const me = useMe();
  const last = conversation.last_message;
  if (outgoing?.state === "failed") return <CircleAlert size={14} role="img" aria-label={t("chat.failed")} className="text-danger" />;
  if (outgoing !== undefined) return <Clock size={13} role="img" aria-label={t("chat.waiting")} />;
  if (last?.kind !== "text" || last.sender_id !== me.id) return null;
  return isReadByOthers(conversation, me.id, last.seq) ? (
    <CheckCheck size={15} role="img" aria-label={t("preview.read")} className="text-accent" />
  ) : (
    <Check size={15} role="img" aria-label={t("preview.delivered")} />
  );
}
