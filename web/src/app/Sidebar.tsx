/** The left pane: search, and the lists of chats, of people and of calls. */
import { SquarePen } from "lucide-react";
import { useId, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { CallLog, useMissedCalls } from "../features/calls";
import { ConversationList, NewGroup, SearchResults } from "../features/chat";
import { PeopleList } from "../features/users";
import { navigate } from "../lib/router";
import { IconButton } from "../ui/Button";
import { SearchField } from "../ui/SearchField";
import { Tabs } from "../ui/Tabs";
import { openChat, useOpenPerson } from "./open";

type Tab = "chats" | "people" | "calls";

/** What the pane shows: kept while a phone shows a chat in its place. */
export interface SidebarState {
  tab: Tab;
  query: string;
}

const jump = (conversationId: string, seq: number): void => navigate({ name: "chat", conversationId, seq });

export interface SidebarProps {
  openId: string | null;
  state: SidebarState;
  onState(state: SidebarState): void;
}

export function Sidebar({ openId, state: { tab, query }, onState }: SidebarProps) {
  const { t } = useTranslation();
  const openPerson = useOpenPerson();
  const panelId = useId();
  const panel = useRef<HTMLDivElement>(null);
  const setTab = (to: Tab): void => onState({ tab: to, query });
  const setQuery = (to: string): void => onState({ tab, query: to });
  /** Whoever was looked for is found; of messages one may want the next. */
  const found = <T extends unknown[]>(open: (...args: T) => void) => (...args: T): void => {
    setQuery("");
    open(...args);
  };
  const [making, setMaking] = useState(false);
  const missed = useMissedCalls(tab === "calls");

  /** From the field into what it has found, and through it. */
  const onSearchKey = (event: KeyboardEvent): void => {
    const first = panel.current?.querySelector<HTMLElement>("li :is(a, button):not([data-aside])");
    if (first == null) return;
    if (event.key === "ArrowDown") first.focus();
    else if (event.key === "Enter" && query.trim() !== "") first.click();
    else return;
    event.preventDefault();
  };

  return (
    <nav aria-label={t("chat.lists")} className="safe-x flex min-h-0 w-full shrink-0 flex-col bg-page md:w-80 lg:w-[360px] md:border-r md:border-line">
      <div className="flex items-center gap-1 p-3 pb-1">
        <SearchField
          label={tab === "chats" ? t("search.label") : t("people.search")}
          placeholder={tab === "chats" ? t("search.placeholder") : t("people.search")}
          value={query}
          onChange={setQuery}
          onKeyDown={onSearchKey}
        />
        <IconButton label={t("groups.new")} onClick={() => setMaking(true)} className="text-accent hover:bg-accent-soft">
          <SquarePen size={20} />
        </IconButton>
      </div>
      <Tabs<Tab>
        label={t("chat.lists")}
        value={tab}
        tabs={[
          { value: "chats", label: t("chat.chats") },
          { value: "people", label: t("people.title") },
          { value: "calls", label: t("call.log.title"), badge: { count: missed, label: t("call.log.missedCount", { count: missed }) } },
        ]}
        panelId={panelId}
        onChange={setTab}
      />
      <div
        ref={panel}
        id={panelId}
        role="tabpanel"
        aria-labelledby={`${panelId}-${tab}`}
        onKeyDown={onListKey}
        className="safe-bottom flex min-h-0 flex-1 flex-col overflow-y-auto overscroll-contain border-t border-line"
      >
        {tab === "calls" ? (
          <CallLog query={query} onOpen={openChat} onFindPeople={() => setTab("people")} />
        ) : tab === "people" ? (
          <PeopleList query={query} onChoose={found((user: { id: string }) => openPerson(user.id))} />
        ) : query.trim() === "" ? (
          <ConversationList openId={openId} onOpen={openChat} onFindPeople={() => setTab("people")} />
        ) : (
          <SearchResults query={query} openId={openId} onOpen={found(openChat)} onPerson={found(openPerson)} onJump={jump} onQuery={setQuery} />
        )}
      </div>
      {making && <NewGroup onClose={() => setMaking(false)} onMade={openChat} />}
    </nav>
  );
}

/** Up and down the rows with the arrow keys. */
function onListKey(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0 || event.altKey) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("li :is(a, button):not([data-aside])")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  if (at === -1) return;
  rows[Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
  event.preventDefault();
}
