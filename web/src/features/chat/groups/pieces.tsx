/** What the details of people and of groups have in common. */
import clsx from "clsx";
import { Bell, BellOff, Search } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import type { ListedConversation } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { useSetMuted } from "../conversations";

export const ROW = "flex min-h-12 w-full items-center gap-3 rounded-xl px-3 text-left outline-offset-[-2px] hover:bg-panel";

export function Block({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={clsx("border-t border-line px-2 py-2", className)}>{children}</div>;
}

/** Mutes, and opens the search. */
export function ChatActions({ conversation: { id, muted }, onSearch }: { conversation: ListedConversation; onSearch: () => void }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const mute = useSetMuted();
  const Icon = muted ? BellOff : Bell;
  return (
    <Block>
      <button
        type="button"
        role="switch"
        aria-checked={!muted}
        onClick={() => mute.mutate({ id, muted: !muted }, { onError: (error) => void toast.error(words(codeOf(error))) })}
        className={ROW}
      >
        <Icon size={20} aria-hidden className="text-muted" />
        <span className="flex-1">{t("groups.notifications")}</span>
        <Track on={!muted} />
      </button>
      <button type="button" onClick={onSearch} className={ROW}>
        <Search size={20} aria-hidden className="text-muted" />
        {t("search.inChat")}
      </button>
    </Block>
  );
}

function Track({ on }: { on: boolean }) {
  return (
    <span aria-hidden className={clsx("flex h-6 w-10 shrink-0 items-center rounded-full p-0.5 transition", on ? "bg-gradient-own" : "bg-line-strong")}>
      <span className={clsx("size-5 rounded-full bg-white shadow-soft transition", on && "translate-x-4")} />
    </span>
  );
}
