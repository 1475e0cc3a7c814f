/** Small pieces about a person: role badge, presence in words. */
import { useTranslation } from "react-i18next";
import type { Role, User } from "../../api/types";
import { shortWhen } from "../../lib/time";
import { useNow } from "../../lib/useNow";
import { usePresence } from "./people";

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

export function usePresenceWords(user: User | undefined): string {
  const { t, i18n } = useTranslation();
  const seen = usePresence(user?.id);
  const now = useNow(60_000);
  if (user === undefined) return "";
  if (user.deactivated_at != null) return t("people.deactivated");
  if (seen.presence !== "offline") return t(`people.${seen.presence}`);
  if (user.invited) return t("people.invitedYet");
  const last = seen.lastSeenAt ?? user.last_seen_at;
  return last == null ? t("people.offline") : t("people.lastSeen", { when: shortWhen(i18n.language, last, now) });
}
