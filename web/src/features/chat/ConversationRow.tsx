/** One chat in the list: who, the last message, when. */
import clsx from "clsx";
import { Phone, PhoneMissed, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Conversation, Message, Presence, User } from "../../api/types";
import { fullDate, shortWhen } from "../../lib/time";
import { Avatar } from "../../ui/Avatar";
import { RoleBadge, useMe } from "../users";
import { isMissed, useCallWords } from "./callWords";

export interface ConversationRowProps {
  conversation: Conversation;
  peer: User | undefined;
  presence: Presence;
  now: number;
  open: boolean;
  onOpen(): void;
}

export function ConversationRow({ conversation, peer, presence, now, open, onOpen }: ConversationRowProps) {
  const { t, i18n } = useTranslation();
  const last = conversation.last_message;
  const name = peer?.name ?? "…";
  return (
    <li className="[contain-intrinsic-size:auto_64px] [content-visibility:auto]">
      <button
        type="button"
        aria-current={open ? "page" : undefined}
        onClick={onOpen}
        className={clsx(
          "flex h-16 w-full items-center gap-3 rounded-2xl px-2 text-left outline-offset-[-2px] transition",
          open ? "bg-accent-soft" : "hover:bg-panel",
        )}
      >
        <Avatar id={peer?.id ?? conversation.id} name={name} presence={presence} />
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-2">
            <span className="truncate font-medium">{name}</span>
            {presence !== "offline" && <span className="sr-only">{t(`people.${presence}`)}</span>}
            {peer !== undefined && <RoleBadge role={peer.role} />}
            {last != null && (
              <time
                dateTime={new Date(last.created_at).toISOString()}
                title={fullDate(i18n.language, last.created_at)}
                className="ml-auto shrink-0 text-xs text-muted tabular-nums"
              >
                {shortWhen(i18n.language, last.created_at, now)}
              </time>
            )}
          </span>
          {last != null && <Preview message={last} />}
        </span>
      </button>
    </li>
  );
}

function Preview({ message }: { message: Message }) {
  const { t } = useTranslation();
  const me = useMe();
  const callWords = useCallWords();
  if (message.kind === "call") {
    const outgoing = message.call.caller_id === me.id;
    const missed = isMissed(message.call, outgoing);
    const Icon = missed ? PhoneMissed : message.call.kind === "video" ? Video : Phone;
    return (
      <span className="flex items-center gap-1.5 text-sm text-muted">
        <Icon size={15} aria-hidden className="shrink-0" />
        <span className="truncate">{callWords(message.call, outgoing).title}</span>
      </span>
    );
  }
  const text = (message.kind === "text" ? message.text : "").replace(/\s+/gu, " ");
  return (
    <span className="block truncate text-sm text-muted">
      {message.sender_id === me.id ? t("chat.you", { text }) : text}
    </span>
  );
}
