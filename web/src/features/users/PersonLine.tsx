/** Small pieces about a person: role badge, presence in words. */
import { useTranslation } from "react-i18next";
import type { Role, User } from "../../api/types";
import { shortWhen } from "../../lib/time";
import type { Seen } from "./people";

/** Employees are the rule and carry no badge. */
export function RoleBadge({ role, always = false }: { role: Role; always?: boolean }) {
  const { t } = useTranslation();
  if (role === "employee" && !always) return null;
  return (
    <span className="min-w-0 shrink-[999] truncate rounded-full bg-accent-soft px-2 text-xs leading-5 font-medium text-accent">
      {t(`role.${role}`)}
    </span>
  );
}

/** `now` is handed in: a list has one clock, not one for each row. */
export function usePresenceWords(): (user: User, seen: Seen, now: number) => string {
  const { t, i18n } = useTranslation();
  return (user, seen, now) => {
    if (user.deactivated_at != null) return t("people.deactivated");
    if (seen.presence !== "offline") return t(`people.${seen.presence}`);
    if (user.invited) return t("people.invitedYet");
    const last = seen.lastSeenAt ?? user.last_seen_at;
    return last == null ? t("people.offline") : t("people.lastSeen", { when: shortWhen(i18n.language, last, now) });
  };
}
