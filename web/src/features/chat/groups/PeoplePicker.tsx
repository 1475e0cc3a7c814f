/** Chooses several colleagues: chips of those chosen, a search, and the list to tick. */
import { X } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ListedUser } from "../../../api/types";
import { matches } from "../../../lib/search";
import { Avatar } from "../../../ui/Avatar";
import { Highlight } from "../../../ui/Highlight";
import { RoleBadge, seenOf, usePresences } from "../../users";

export interface PeoplePickerProps {
  /** Who can be chosen. */
  people: readonly ListedUser[];
  chosen: readonly string[];
  onChange(chosen: readonly string[]): void;
}

export function PeoplePicker({ people, chosen, onChange }: PeoplePickerProps) {
  const { t } = useTranslation();
  const presences = usePresences();
  const [query, setQuery] = useState("");
  const shown = useMemo(() => people.filter(({ name, login }) => matches(query, name, login)), [people, query]);
  const byId = useMemo(() => new Map(people.map((user) => [user.id, user])), [people]);
  const toggle = (id: string): void => {
    onChange(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
    // The next name is typed from its beginning.
    setQuery("");
  };

  return (
    <>
      <div className="flex max-h-32 flex-wrap gap-1.5 overflow-y-auto rounded-xl border border-line-strong p-1.5 has-focus-visible:outline-2 has-focus-visible:outline-accent">
        {chosen.map((id) => (
          <Chip key={id} name={byId.get(id)?.name ?? "…"} onRemove={() => toggle(id)} />
        ))}
        <input
          type="search"
          aria-label={t("groups.whom")}
          placeholder={t("people.search")}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            const only = shown[0];
            if (event.key === "Backspace" && query === "") onChange(chosen.slice(0, -1));
            if (event.key !== "Enter") return;
            event.preventDefault();
            if (query.trim() !== "" && only !== undefined) toggle(only.id);
          }}
          className="h-8 min-w-32 flex-1 bg-transparent px-1.5 outline-none placeholder:text-muted [&::-webkit-search-cancel-button]:hidden"
        />
      </div>
      <p role="status" className="sr-only">
        {t("groups.chosen", { count: chosen.length })}
      </p>
      {shown.length === 0 ? (
        <p className="flex-1 p-6 text-center text-sm text-muted">
          {query.trim() === "" ? t("groups.nobody") : t("people.notFound", { query: query.trim() })}
        </p>
      ) : (
        <ul aria-label={t("people.title")} className="-mx-2 min-h-0 flex-1 overflow-y-auto">
          {shown.map((user) => (
            <li key={user.id} className="[contain-intrinsic-size:auto_52px] [content-visibility:auto]">
              <label className="flex h-13 cursor-pointer items-center gap-3 rounded-xl px-2 hover:bg-panel has-focus-visible:outline-2 has-focus-visible:outline-offset-[-2px] has-focus-visible:outline-accent">
                <Avatar id={user.id} name={user.name} picture={user.picture} size="md" presence={seenOf(user, presences).presence} />
                <span className="flex h-5 min-w-0 flex-1 flex-wrap items-center gap-x-2 overflow-hidden">
                  <span className="max-w-full truncate">
                    <Highlight text={user.name} query={query} />
                  </span>
                  <RoleBadge role={user.role} />
                </span>
                <input type="checkbox" checked={chosen.includes(user.id)} onChange={() => toggle(user.id)} className="size-5 accent-accent outline-none" />
              </label>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Chip({ name, onRemove }: { name: string; onRemove: () => void }) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      aria-label={t("groups.remove", { name })}
      onClick={onRemove}
      className="flex h-8 max-w-full items-center gap-1 rounded-full bg-accent-soft pr-2 pl-3 text-sm text-accent pointer-coarse:h-11"
    >
      <span className="truncate">{name}</span>
      <X size={14} aria-hidden className="shrink-0" />
    </button>
  );
}
