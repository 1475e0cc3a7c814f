/** Ctrl-K: type a few letters of a chat or a person, and be there. A combobox, as WAI-ARIA describes it. */
import clsx from "clsx";
import { useId, useMemo, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../../../ui/Avatar";
import { Dialog } from "../../../ui/Dialog";
import { Highlight } from "../../../ui/Highlight";
import { RoleBadge, seenOf, useMe, usePresences, type Seen } from "../../users";
import { useConversations } from "../conversations";
import { usePeople } from "../face";
import { choices, type Choice } from "./choices";

export interface SwitcherProps {
  openId: string | null;
  onChat(conversationId: string): void;
  onPerson(userId: string): void;
  onClose(): void;
}

export function Switcher({ openId, onChat, onPerson, onClose }: SwitcherProps) {
  const { t } = useTranslation();
  const me = useMe();
  const people = usePeople();
  const presences = usePresences();
  const { data } = useConversations();
  const listId = useId();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const shown = useMemo(() => choices(query, me.id, data ?? [], people, openId), [query, me.id, data, people, openId]);
  const active = Math.min(at, shown.length - 1);
  // The open chat is there, only no choice.
  const nothing = query.trim() !== "" ? t("switcher.nothing", { query: query.trim() }) : t(openId === null ? "chat.none" : "switcher.alone");

  const choose = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    onClose();
    if (choice.kind === "chat") onChat(choice.id);
    else onPerson(choice.id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const count = shown.length;
    const to = { ArrowDown: active + 1, ArrowUp: active - 1 + count, PageDown: count - 1, PageUp: 0 }[event.key];
    if (event.key === "Enter") choose(shown[active]);
    else if (to !== undefined && count > 0) setAt(to % count);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog label={t("switcher.title")} onClose={onClose} className="mt-[10dvh] mb-auto w-[min(560px,calc(100vw-24px))]">
      <div className="flex max-h-[min(560px,76dvh)] flex-col" onKeyDown={onKeyDown}>
        <input
          role="combobox"
          aria-label={t("switcher.title")}
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={shown.length > 0 ? `${listId}-${active}` : undefined}
          aria-autocomplete="list"
          placeholder={t("switcher.placeholder")}
          value={query}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          className="h-14 shrink-0 border-b border-line bg-transparent px-5 text-[17px] outline-none placeholder:text-muted"
        />
        {shown.length === 0 && <p className="p-6 text-center text-muted">{nothing}</p>}
        <ul id={listId} role="listbox" aria-label={t("switcher.title")} className="min-h-0 flex-1 overflow-y-auto p-2 empty:hidden">
          {shown.map((choice, i) => (
            <Row
              key={choice.id}
              id={`${listId}-${i}`}
              choice={choice}
              seen={choice.face.peer && seenOf(choice.face.peer, presences)}
              query={query}
              active={i === active}
              onChoose={() => choose(choice)}
              onPoint={() => setAt(i)}
            />
          ))}
        </ul>
        <p aria-hidden className="shrink-0 border-t border-line px-5 py-2 text-xs text-muted pointer-coarse:hidden">
          {t("switcher.keys")}
        </p>
      </div>
    </Dialog>
  );
}

interface RowProps {
  id: string;
  choice: Choice;
  seen: Seen | undefined;
  query: string;
  active: boolean;
  onChoose(): void;
  onPoint(): void;
}

function Row({ id, choice: { face, kind, unread }, seen, query, active, onChoose, onPoint }: RowProps) {
  const { t } = useTranslation();
  return (
    <li
      id={id}
      role="option"
      aria-selected={active}
      ref={(row) => {
        if (active) row?.scrollIntoView({ block: "nearest" });
      }}
      onClick={onChoose}
      onPointerMove={active ? undefined : onPoint}
      className={clsx("flex h-13 cursor-pointer items-center gap-3 rounded-xl px-3", active && "bg-accent-soft")}
    >
      <Avatar id={face.id} name={face.name} picture={face.picture} size="sm" presence={seen?.presence} />
      <span className={clsx("truncate", unread > 0 && "font-semibold")}>
        <Highlight text={face.name} query={query} />
      </span>
      {face.peer === undefined ? <span className="text-sm text-muted">{t("list.group")}</span> : <RoleBadge role={face.peer.role} />}
      {kind === "person" && <span className="ml-auto shrink-0 text-sm text-muted">{t("switcher.person")}</span>}
      {unread > 0 && (
        <span className="ml-auto grid h-5 min-w-5 shrink-0 place-items-center rounded-full bg-gradient-own px-1.5 text-xs leading-none font-semibold text-white tabular-nums">
          <span aria-hidden>{unread}</span>
          <span className="sr-only">{t("list.unread", { count: unread })}</span>
        </span>
      )}
    </li>
  );
}
