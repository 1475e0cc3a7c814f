/** What compliance officers do with recordings and conversations: find them, hear and read them, keep them, hand them out. */
import clsx from "clsx";
import { ArrowLeft, AudioLines, CircleSlash, MessagesSquare, PackageOpen, ScrollText, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { navigate, pathOf, RECORDING_LISTS, type RecordingList as ListName, type Route } from "../../lib/router";
import { IconButton } from "../../ui/Button";
import { ConversationView } from "./conversations/ConversationView";
import { ConversationsList } from "./conversations/ConversationsList";
import { NO_WANTED, type Wanted } from "./conversations/wanted";
import { RecordingView } from "./detail/RecordingView";
import { ExportList } from "./exports/ExportList";
import { FailureList } from "./list/FailureList";
import { NO_FILTER, type Filter } from "./list/filter";
import { RecordingList } from "./list/RecordingList";
import { PolicyView } from "./policy/PolicyView";

type Opened = ListName | "recordings";

const ICONS: Record<Opened, LucideIcon> = { recordings: AudioLines, conversations: MessagesSquare, failures: CircleSlash, exports: PackageOpen, policy: ScrollText };

export function RecordingsPage({ list, id, seq }: Omit<Extract<Route, { name: "recordings" }>, "name">) {
  const { t } = useTranslation();
  // What was looked for is still there on the way back from a recording.
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [wanted, setWanted] = useState<Wanted>(NO_WANTED);
  const inside = id !== undefined;
  const up: Route = !inside ? { name: "home" } : list === "conversations" ? { name: "recordings", list } : { name: "recordings" };
  return (
    <main className="safe-x min-h-0 flex-1 overflow-y-auto bg-panel">
      <div className="mx-auto flex max-w-6xl flex-col gap-4 p-3 pb-10 md:p-6">
        <div className="flex items-center gap-1">
          <IconButton label={t("app.back")} onClick={() => navigate(up)} className="hover:bg-line">
            <ArrowLeft size={22} />
          </IconButton>
          <h1 className="text-xl font-semibold">{t("recordings.title")}</h1>
        </div>
        {!inside && <Lists open={list ?? "recordings"} />}
        {list === "conversations" ? (
          id === undefined ? <ConversationsList wanted={wanted} onWanted={setWanted} /> : <ConversationView key={`${id} ${seq ?? ""}`} id={id} seq={seq ?? null} />
        ) : inside ? (
          <RecordingView
            key={id}
            id={id}
            onConversation={(conversationId) => {
              setFilter({ ...NO_FILTER, conversationId });
              navigate({ name: "recordings" });
            }}
          />
        ) : list === "failures" ? (
          <FailureList />
        ) : list === "exports" ? (
          <ExportList />
        ) : list === "policy" ? (
          <PolicyView />
        ) : (
          <RecordingList filter={filter} onFilter={setFilter} />
        )}
      </div>
    </main>
  );
}

/** Links, not tabs: each has its address. */
function Lists({ open }: { open: Opened }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("recordings.lists")} className="-mx-3 overflow-x-auto px-3 md:mx-0 md:px-0">
      <ul className="flex w-max min-w-full gap-0.5 rounded-2xl border border-line bg-page p-1 sm:min-w-0 sm:gap-1">
        {(["recordings", ...RECORDING_LISTS] as const).map((one) => {
          const Icon = ICONS[one];
          const route: Route = one === "recordings" ? { name: "recordings" } : { name: "recordings", list: one };
          return (
            <li key={one} className="flex-1">
              <a
                href={pathOf(route)}
                aria-current={one === open ? "page" : undefined}
                onClick={(event) => {
                  event.preventDefault();
                  navigate(route);
                }}
                className={clsx(
                  "flex min-h-11 items-center justify-center gap-2 rounded-xl px-2.5 text-sm font-medium whitespace-nowrap outline-offset-[-2px] transition sm:px-4 sm:text-base md:min-h-10",
                  one === open ? "bg-accent-soft text-accent" : "text-muted hover:bg-panel hover:text-text",
                )}
              >
                <Icon size={18} aria-hidden className="max-sm:hidden" />
                {t(`recordings.tabs.${one}`)}
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
