/** One found message: in which chat, who, when, and the words that matched. A click jumps to it. */
import { useTranslation } from "react-i18next";
import type { Conversation, Hit } from "../../../api/types";
import { pathOf } from "../../../lib/router";
import type { Range } from "../../../lib/search";
import { snippet } from "../../../lib/snippet";
import { fullDate, shortWhen } from "../../../lib/time";
import { Avatar } from "../../../ui/Avatar";
import { Highlight } from "../../../ui/Highlight";
import { useMe } from "../../users";
import { faceOf, type Face, type People } from "../face";

export interface HitRowProps {
  hit: Hit;
  conversation: Conversation | undefined;
  people: People;
  now: number;
  /** Inside one chat its name says nothing: the sender's stands there. */
  bySender: boolean;
  onJump(conversationId: string, seq: number): void;
}

export function HitRow({ hit: { message, ranges }, conversation, people, now, bySender, onJump }: HitRowProps) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const { conversation_id: conversationId, seq, sender_id, created_at } = message;
  const sender = people.get(sender_id);
  const senderFace: Face = { id: sender_id, name: sender?.name ?? "…", picture: sender?.picture ?? null, peer: sender };
  const face = bySender || conversation === undefined ? senderFace : faceOf(conversation, me.id, people);
  const cut = snippet(message.kind === "text" ? message.text : "", ranges.map(([from = 0, to = 0]): Range => [from, to]));
  const said = sender_id === me.id ? t("notice.youSaid") : conversation?.kind === "group" ? senderFace.name : null;
  return (
    <li>
      <a
        href={pathOf({ name: "chat", conversationId, seq })}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          onJump(conversationId, seq);
        }}
        className="flex min-h-16 w-full gap-3 rounded-2xl px-2 py-2 outline-offset-[-2px] hover:bg-panel"
      >
        <Avatar id={face.id} name={face.name} picture={face.picture} size="md" className="mt-0.5" />
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-2">
            <span className="truncate font-medium">{face.name}</span>
            <time
              dateTime={new Date(created_at).toISOString()}
              title={fullDate(i18n.language, created_at)}
              className="ml-auto shrink-0 text-xs text-muted tabular-nums"
            >
              {shortWhen(i18n.language, created_at, now)}
            </time>
          </span>
          <span className="line-clamp-2 text-sm wrap-anywhere text-muted">
            {!bySender && said !== null && <span className="text-text">{said}: </span>}
            <Highlight text={cut.text} ranges={cut.ranges} />
          </span>
        </span>
      </a>
    </li>
  );
}
