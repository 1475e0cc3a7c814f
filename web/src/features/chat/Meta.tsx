/** In the corner of a message: whether it was edited, when it was sent, and how far it has come. */
import clsx from "clsx";
import { Check, CheckCheck, CircleAlert, Clock } from "lucide-react";
import { useTranslation } from "react-i18next";
import { clock, fullDate } from "../../lib/time";
import type { State, TextEntry } from "./timeline";

const ICONS = { waiting: Clock, sent: Check, read: CheckCheck, failed: CircleAlert } as const;

function StateIcon({ state }: { state: State }) {
  const { t } = useTranslation();
  const words = { waiting: t("chat.waiting"), sent: t("chat.sent"), read: t("chat.read"), failed: t("chat.failed") }[state];
  const Icon = ICONS[state];
  return (
    <span role="img" aria-label={words} title={words} className="inline-flex">
      <Icon size={state === "read" ? 15 : 13} strokeWidth={2.5} aria-hidden />
    </span>
  );
}

export function Meta({ entry, className }: { entry: TextEntry; className?: string }) {
  const { t, i18n } = useTranslation();
  const editedAt = entry.message?.edited_at;
  return (
    <span className={clsx("flex items-center gap-1 text-[11px] leading-4 whitespace-nowrap tabular-nums select-none", className)}>
      {editedAt != null && <span title={t("chat.editedAt", { when: fullDate(i18n.language, editedAt) })}>{t("chat.edited")}</span>}
      <time dateTime={new Date(entry.at).toISOString()} title={fullDate(i18n.language, entry.at)}>
        {clock(i18n.language, entry.at)}
      </time>
      {entry.own && <StateIcon state={entry.state} />}
    </span>
  );
}
