/** One line of the log: who, what, when. */
import { Server, UserRoundX } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { AuditEntry, ListedUser } from "../../../../api/types";
import { clock, fullDate } from "../../../../lib/time";
import { Avatar } from "../../../../ui/Avatar";
import { useAuditWords } from "./words";

/** Nobody who was signed in: the command line, or who gave a wrong password. */
function Nobody({ failed }: { failed: boolean }) {
  const Icon = failed ? UserRoundX : Server;
  return (
    <span aria-hidden="true" className="grid size-8 shrink-0 place-items-center rounded-full bg-panel text-muted">
      <Icon size={16} />
    </span>
  );
}

export function AuditLine({ entry, users }: { entry: AuditEntry; users: ReadonlyMap<string, ListedUser> }) {
  const { t, i18n } = useTranslation();
  const words = useAuditWords(users);
  const actor = entry.actor_id == null ? undefined : users.get(entry.actor_id);
  const failed = entry.action === "sign_in_failed";
  const who = actor?.name ?? entry.actor_id ?? (failed ? t("audit.nobody") : t("audit.server"));
  return (
    <li className="flex items-start gap-3 py-2.5">
      {actor === undefined ? (
        <Nobody failed={failed} />
      ) : (
        <Avatar id={actor.id} name={actor.name} picture={actor.picture ?? null} size="sm" />
      )}
      <div className="min-w-0 flex-1">
        <p className="text-sm wrap-anywhere text-muted">
          {who}
          {"address" in entry && <> · {t("audit.address", { address: entry.address })}</>}
        </p>
        {words(entry).map((sentence) => (
          <p key={sentence} className="wrap-anywhere">
            {sentence}
          </p>
        ))}
      </div>
      <time
        dateTime={new Date(entry.at).toISOString()}
        title={fullDate(i18n.language, entry.at)}
        className="shrink-0 text-sm text-muted tabular-nums"
      >
        {clock(i18n.language, entry.at)}
      </time>
    </li>
  );
}
