/** The members that an `@` may mean. The focus stays in the input, which names the chosen one. */
import clsx from "clsx";
import { Users } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../../ui/Avatar";
import type { Candidate } from "./mentions";

export const optionId = (listId: string, index: number): string => `${listId}-${index}`;

export interface MentionListProps {
  id: string;
  options: readonly Candidate[];
  chosen: number;
  onPick(candidate: Candidate): void;
}

export function MentionList({ id, options, chosen, onPick }: MentionListProps) {
  const { t } = useTranslation();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView?.({ block: "nearest" });
  }, [chosen]);
  return (
    <>
      <p role="status" className="sr-only">
        {t("compose.mentionCount", { count: options.length })}
      </p>
      <ul
        ref={list}
        id={id}
        role="listbox"
        aria-label={t("compose.mention")}
        className="absolute bottom-full left-0 z-30 mb-2 max-h-64 w-full max-w-sm animate-rise overflow-y-auto rounded-2xl border border-line bg-raised p-1 shadow-big"
      >
        {options.map((candidate, index) => (
          <li
            key={candidate.kind === "all" ? "all" : candidate.user.id}
            id={optionId(id, index)}
            role="option"
            aria-selected={index === chosen}
            // The focus, and the phone's keyboard, stay with the input.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onPick(candidate)}
            className={clsx(
              "flex min-h-11 cursor-pointer items-center gap-3 rounded-xl px-2 py-1",
              index === chosen ? "bg-accent-soft" : "hover:bg-panel",
            )}
          >
            {candidate.kind === "all" ? <Everybody /> : <Person {...candidate} />}
          </li>
        ))}
      </ul>
    </>
  );
}

function Everybody() {
  const { t } = useTranslation();
  return (
    <>
      <span className="grid size-9 shrink-0 place-items-center rounded-full bg-gradient-own text-white">
        <Users size={18} aria-hidden />
      </span>
      <span className="truncate font-medium">@{t("compose.all")}</span>
      <span className="ml-auto shrink-0 text-sm text-muted">{t("compose.everybody")}</span>
    </>
  );
}

function Person({ user }: Candidate & { kind: "user" }) {
  return (
    <>
      <Avatar id={user.id} name={user.name} picture={user.picture} size="sm" />
      <span className="truncate font-medium">{user.name}</span>
      <span className="ml-auto max-w-[45%] shrink-0 truncate text-sm text-muted">@{user.login}</span>
    </>
  );
}
