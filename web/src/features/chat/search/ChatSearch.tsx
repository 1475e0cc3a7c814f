/** Looks for messages in one chat. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SearchField } from "../../../ui/SearchField";
import { MessageHits } from "./MessageHits";
import { useMessageSearch } from "./useMessageSearch";

export function ChatSearch({ conversationId, onJump }: { conversationId: string; onJump: (conversationId: string, seq: number) => void }) {
  const { t } = useTranslation();
  const [query, setQuery] = useState("");
  const search = useMessageSearch(query, conversationId);
  return (
    <>
      <div className="p-3 pb-1">
        <SearchField label={t("search.inChat")} placeholder={t("search.inChat")} value={query} onChange={setQuery} autoFocus />
      </div>
      <p role="status" className="sr-only">
        {search.wanted && !search.searching ? t("search.found", { count: search.hits.length }) : ""}
      </p>
      {search.wanted ? (
        <MessageHits search={search} query={query} bySender onJump={onJump} onQuery={setQuery} />
      ) : (
        <p className="p-6 text-center text-sm text-muted">{t("search.inChatHint")}</p>
      )}
    </>
  );
}
