/** One chat in the list: who, the last message and its state, when, and what is unread. Its menu opens by right click or long press. */
import clsx from "clsx";
import { AtSign, BellOff } from "lucide-react";
import { memo, useCallback, useState, type MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import type { ListedConversation, Presence } from "../../api/types";
import { pathOf } from "../../lib/router";
import { fullDate, shortWhen } from "../../lib/time";
import { useMenuGesture, type Point } from "../../lib/useMenuGesture";
import { Avatar } from "../../ui/Avatar";
import { Highlight } from "../../ui/Highlight";
import { RoleBadge, useMe } from "../users";
import { ConversationMenu } from "./ConversationMenu";
import { faceOf, type People } from "./face";
import { LastLine, SentState } from "./LastLine";
import type { Outgoing } from "./outbox";

export interface ConversationRowProps {
  conversation: ListedConversation;
  people: People;
  presence: Presence;
  /** The newest message that is still on its way. */
  outgoing: Outgoing | undefined;
  /** What is looked for: where it is found is marked. */
  query: string;
  now: number;
  open: boolean;
  onOpen(conversationId: string): void;
}

export const ConversationRow = memo(function ConversationRow(props: ConversationRowProps) {
  const { conversation, people, presence, outgoing, query, now, open, onOpen } = props;
  const { t, i18n } = useTranslation();
  const me = useMe();
  const [menuAt, setMenuAt] = useState<Point | null>(null);
  const gesture = useMenuGesture(setMenuAt);
  const closeMenu = useCallback(() => setMenuAt(null), []);
  const { id, last_message: last, muted, draft } = conversation;
  const face = faceOf(conversation, me.id, people);
  const at = outgoing?.createdAt ?? last?.created_at;
  const drafted = draft != null && !open && outgoing === undefined;

  return (
    <li className="[contain-intrinsic-size:auto_64px] [content-visibility:auto]">
      <a
        href={pathOf({ name: "chat", conversationId: id })}
        aria-current={open ? "page" : undefined}
        draggable={false}
        {...gesture}
        onClick={(event) => {
          if (opensElsewhere(event)) return;
          event.preventDefault();
          onOpen(id);
        }}
        className={clsx(
          "flex h-16 w-full touch-manipulation items-center gap-3 rounded-2xl px-2 text-left outline-offset-[-2px] transition select-none [-webkit-touch-callout:none]",
          open ? "bg-accent-soft" : "hover:bg-panel",
          menuAt !== null && !open && "bg-panel",
        )}
      >
        <Avatar id={face.id} name={face.name} picture={face.picture} presence={face.peer && presence} />
        <span className="flex min-w-0 flex-1 flex-col gap-0.5">
          <span className="flex items-center gap-1.5">
            {/* A badge for which there is no room wraps, out of sight. */}
            <span className="flex h-5 min-w-0 flex-wrap items-center gap-x-1.5 overflow-hidden">
              <span className="max-w-full truncate font-medium">
                <Highlight text={face.name} query={query} />
              </span>
              {face.peer !== undefined && <RoleBadge role={face.peer.role} />}
            </span>
            {face.peer !== undefined && presence !== "offline" && <span className="sr-only">{t(`people.${presence}`)}</span>}
            {conversation.kind === "group" && <span className="sr-only">{t("list.group")}</span>}
            {muted && <BellOff size={14} role="img" aria-label={t("list.muted")} className="shrink-0 text-muted" />}
            <span className="ml-auto flex shrink-0 items-center gap-1 pl-1 text-xs text-muted tabular-nums">
              {!drafted && <SentState conversation={conversation} outgoing={outgoing} />}
              {at !== undefined && (
                <time dateTime={new Date(at).toISOString()} title={fullDate(i18n.language, at)}>
                  {shortWhen(i18n.language, at, now)}
                </time>
              )}
            </span>
          </span>
          <span className="flex items-center gap-2">
            <LastLine conversation={conversation} people={people} outgoing={outgoing} drafted={drafted} />
            <Unread conversation={conversation} />
          </span>
        </span>
      </a>
      {menuAt !== null && <ConversationMenu conversation={conversation} name={face.name} at={menuAt} onClose={closeMenu} />}
    </li>
  );
});

/** The browser's own ways to open a link in another tab or window. */
function opensElsewhere({ ctrlKey, metaKey, shiftKey }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey;
}

function Unread({ conversation: { unread, unread_mentions, muted } }: { conversation: ListedConversation }) {
  const { t } = useTranslation();
  if (unread === 0) return null;
  const pill = "grid h-5 min-w-5 shrink-0 place-items-center rounded-full text-xs leading-none font-semibold tabular-nums";
  return (
    <>
      {unread_mentions > 0 && (
        <span className={clsx(pill, "bg-gradient-own text-white")}>
          <AtSign size={12} strokeWidth={2.75} aria-hidden />
          <span className="sr-only">{t("list.mentions", { count: unread_mentions })}</span>
        </span>
      )}
      <span className={clsx(pill, "px-1.5", muted ? "bg-line text-muted" : "bg-gradient-own text-white")}>
        <span aria-hidden>{unread > 999 ? "999+" : unread}</span>
        <span className="sr-only">{t("list.unread", { count: unread })}</span>
      </span>
    </>
  );
}
