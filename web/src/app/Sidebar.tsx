/** The left pane: search, and the lists of chats and of people. */
import { Search, X } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../api/http";
import { ConversationList, useOpenDirect } from "../features/chat";
import { PeopleList } from "../features/users";
import { useErrorWords } from "../i18n/errorWords";
import { navigate } from "../lib/router";
import { IconButton } from "../ui/Button";
import { Tabs } from "../ui/Tabs";

type Tab = "chats" | "people";

export function Sidebar({ openId }: { openId: string | null }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const openDirect = useOpenDirect();
  const panelId = useId();
  const [tab, setTab] = useState<Tab>("chats");
  const [query, setQuery] = useState("");

  const open = (conversationId: string): void => navigate({ name: "chat", conversationId });

  return (
    <nav aria-label={t("chat.lists")} className="safe-x flex min-h-0 w-full shrink-0 flex-col bg-page md:w-80 lg:w-[360px] md:border-r md:border-line">
      <div className="relative p-3 pb-1">
        <Search size={18} aria-hidden className="pointer-events-none absolute top-[25px] left-6 text-muted" />
        <input
          type="search"
          aria-label={t("people.search")}
          placeholder={t("people.search")}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") setQuery("");
          }}
          className="h-11 w-full rounded-2xl bg-panel pr-11 pl-10 outline-offset-[-1px] placeholder:text-muted [&::-webkit-search-cancel-button]:hidden"
        />
        {query !== "" && (
          <IconButton label={t("people.clearSearch")} onClick={() => setQuery("")} className="absolute top-3 right-3 text-muted">
            <X size={18} />
          </IconButton>
        )}
      </div>
      <Tabs<Tab>
        label={t("chat.lists")}
        value={tab}
        tabs={[
          { value: "chats", label: t("chat.chats") },
          { value: "people", label: t("people.title") },
        ]}
        panelId={panelId}
        onChange={setTab}
      />
      <div
        id={panelId}
        role="tabpanel"
        aria-labelledby={`${panelId}-${tab}`}
        className="safe-bottom flex min-h-0 flex-1 flex-col overflow-y-auto overscroll-contain border-t border-line"
      >
        {tab === "chats" ? (
          <ConversationList query={query} openId={openId} onOpen={open} onFindPeople={() => setTab("people")} />
        ) : (
          <PeopleList
            query={query}
            onChoose={(user) =>
              openDirect.mutate(user.id, {
                onSuccess: ({ id }) => open(id),
                onError: (error) => void toast.error(words(codeOf(error))),
              })
            }
          />
        )}
      </div>
    </nav>
  );
}
