/** Colleagues, those who are there first; filtered as one types. */
import { useQueryClient } from "@tanstack/react-query";
import { UserRoundSearch, Users } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../api/http";
import type { ListedUser, User } from "../../api/types";
import { matches } from "../../lib/search";
import { useNow } from "../../lib/useNow";
import { Avatar } from "../../ui/Avatar";
import { EmptyState, ErrorState, SkeletonRows } from "../../ui/states";
import { RoleBadge, usePresenceWords } from "./PersonLine";
import { seenOf, usePresences, useUsers, type Presences, type Seen } from "./people";
import { useMe } from "./session";
import { showPerson } from "./shownPerson";

function rank(user: ListedUser, presences: Presences): number {
  return { online: 0, away: 1, offline: 2 }[seenOf(user, presences).presence];
}

/** Active colleagues of `me` that match, the reachable ones first, then by name. */
export function colleagues(
  users: ListedUser[],
  me: string,
  query: string,
  presences: Presences,
  locale: string,
): ListedUser[] {
  const byName = new Intl.Collator(locale).compare;
  return users
    .filter((user) => user.id !== me && user.deactivated_at == null && matches(query, user.name, user.login))
    .sort((a, b) => rank(a, presences) - rank(b, presences) || byName(a.name, b.name));
}

export function PeopleList({ query, onChoose }: { query: string; onChoose: (user: User) => void }) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const users = useUsers();
  const presences = usePresences();
  const now = useNow(60_000);
  const cache = useQueryClient();
  const shown = useMemo(
    () => colleagues(users.data ?? [], me.id, query, presences, i18n.language),
    [users.data, me.id, query, presences, i18n.language],
  );

  if (users.isPending) return <SkeletonRows label={t("app.loading")} />;
  if (users.isError) {
    const code = codeOf(users.error);
    return (
      <ErrorState
        title={t("app.failed")}
        detail={t("app.failedDetail", { code })}
        retry={t("app.retry")}
        onRetry={() => void cache.refetchQueries({ queryKey: ["users"] })}
      />
    );
  }
  if (shown.length === 0) {
    if (query.trim() !== "") {
      return <EmptyState icon={<UserRoundSearch />}>{t("people.notFound", { query: query.trim() })}</EmptyState>;
    }
    return <EmptyState icon={<Users />}>{me.role === "admin" ? t("people.none") : t("people.noneStaff")}</EmptyState>;
  }
  return (
    <>
      <p role="status" className="sr-only">
        {query.trim() === "" ? "" : t("people.found", { count: shown.length })}
      </p>
      <ul aria-label={t("people.title")} className="flex flex-col px-2 py-1">
        {shown.map((user) => (
          <PersonRow key={user.id} user={user} seen={seenOf(user, presences)} now={now} onChoose={onChoose} />
        ))}
      </ul>
    </>
  );
}

interface PersonRowProps {
  user: User;
  seen: Seen;
  now: number;
  onChoose(user: User): void;
}

function PersonRow({ user, seen, now, onChoose }: PersonRowProps) {
  const { t } = useTranslation();
  const words = usePresenceWords();
  return (
    <li className="relative [contain-intrinsic-size:auto_64px] [content-visibility:auto]">
      <button
        type="button"
        onClick={() => onChoose(user)}
        className="flex h-16 w-full items-center gap-3 rounded-2xl px-2 text-left outline-offset-[-2px] hover:bg-panel"
      >
        <Avatar id={user.id} name={user.name} picture={user.picture} presence={seen.presence} />
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-2">
            <span className="truncate font-medium">{user.name}</span>
            <RoleBadge role={user.role} />
          </span>
          <span className="block truncate text-sm text-muted">{words(user, seen, now)}</span>
        </span>
      </button>
      {/* Over the avatar, and after the row for those who go by Tab; the arrow keys pass it by. */}
      <button
        type="button"
        data-aside
        aria-label={t("people.about", { name: user.name })}
        title={t("people.about", { name: user.name })}
        onClick={() => showPerson(user.id)}
        className="absolute top-2 left-2 size-12 rounded-full transition hover:bg-black/10"
      />
    </li>
  );
}
