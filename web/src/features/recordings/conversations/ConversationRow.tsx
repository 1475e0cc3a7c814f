/** One conversation in the list: who, how much, of which time. */
import { Eraser, Lock, MessageCircle, UsersRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ArchivedConversation } from "../../../api/archive";
import { navigate, pathOf } from "../../../lib/router";
import { shortDay } from "../../../lib/time";
import { Chip } from "../Chip";
import { useTitleOf } from "./words";

export interface ConversationRowProps {
  conversation: ArchivedConversation;
  chosen: boolean;
  onChoose(chosen: boolean): void;
}

export function ConversationRow({ conversation, chosen, onChoose }: ConversationRowProps) {
  const { t, i18n } = useTranslation();
  const name = useTitleOf()(conversation);
  const { id, kind, messages, first_at, last_at } = conversation;
  const Kind = kind === "group" ? UsersRound : MessageCircle;
  const route = { name: "recordings", list: "conversations", id } as const;
  const [first, last] = [shortDay(i18n.language, first_at), shortDay(i18n.language, last_at)];
  return (
    <li className="flex items-start gap-1 py-1 has-[a:hover]:bg-panel md:items-center">
      <label className="grid size-11 shrink-0 cursor-pointer place-items-center">
        <input
          type="checkbox"
          aria-label={t("archive.choose", { name })}
          checked={chosen}
          onChange={(event) => onChoose(event.target.checked)}
          className="size-4.5 accent-(--accent)"
        />
      </label>
      <a
        href={pathOf(route)}
        aria-label={t("archive.open", { name })}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          navigate(route);
        }}
        className="flex min-w-0 flex-1 flex-col gap-x-3 gap-y-1.5 rounded-xl py-2 pr-2 outline-offset-[-2px] md:flex-row md:items-center"
      >
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{name}</span>
          <span className="flex items-center gap-1.5 text-sm text-muted tabular-nums">
            <Kind size={14} aria-hidden className="shrink-0" />
            <span className="truncate">
              {first === last ? first : t("archive.span", { first, last })}
              <span className="md:hidden"> · {t("archive.messages", { count: messages })}</span>
            </span>
          </span>
        </span>
        <span className="flex flex-wrap items-center gap-1.5 empty:hidden">
          <ConversationMarks conversation={conversation} />
        </span>
        <span className="w-32 shrink-0 text-right text-sm tabular-nums max-md:hidden">{t("archive.messages", { count: messages })}</span>
      </a>
    </li>
  );
}

/** What sets it apart from others; most have nothing. */
export function ConversationMarks({ conversation: { held, erased } }: { conversation: ArchivedConversation }) {
  const { t } = useTranslation();
  return (
    <>
      {erased && <Chip icon={Eraser}>{t("archive.erased")}</Chip>}
      {held && <Chip icon={Lock} look="accent">{t("archive.held")}</Chip>}
    </>
  );
}
