/** What the search field of the left pane finds: chats, people one has no chat with yet, and messages. */
import { SearchX } from "lucide-react";
import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNow } from "../../../lib/useNow";
import { EmptyState } from "../../../ui/states";
import { seenOf, useMe, usePresences } from "../../users";
import { ConversationRow } from "../ConversationRow";
import { useConversations } from "../conversations";
import { faceOf, usePeople } from "../face";
import { findByName } from "./findByName";
import { MessageHits } from "./MessageHits";
import { PersonHit } from "./PersonHit";
import { useMessageSearch } from "./useMessageSearch";

export interface SearchResultsProps {
  query: string;
  openId: string | null;
  onOpen(conversationId: string): void;
  onPerson(userId: string): void;
  onJump(conversationId: string, seq: number): void;
  onQuery(query: string): void;
}

export function SearchResults({ query, openId, onOpen, onPerson, onJump, onQuery }: SearchResultsProps) {
  const { t } = useTranslation();
  const me = useMe();
  const people = usePeople();
  const presences = usePresences();
  const now = useNow(60_000);
  const { data } = useConversations();
  const search = useMessageSearch(query);
  const { chats, others } = useMemo(() => findByName(query, me.id, data ?? [], people), [query, me.id, data, people]);
  const nobody = chats.length === 0 && others.length === 0;
  if (nobody && !search.wanted) return <EmptyState icon={<SearchX />}>{t("search.nothing", { query: query.trim() })}</EmptyState>;
  return (
    <>
      <p role="status" className="sr-only">
        {search.searching ? "" : t("search.found", { count: chats.length + others.length + search.hits.length })}
      </p>
      {chats.length > 0 && (
        <Section title={t("search.chats")}>
          {chats.map((conversation) => {
            const { peer } = faceOf(conversation, me.id, people);
            return (
              <ConversationRow
                key={conversation.id}
                conversation={conversation}
                people={people}
                presence={peer === undefined ? "offline" : seenOf(peer, presences).presence}
                outgoing={undefined}
                query={query}
                now={now}
                open={conversation.id === openId}
                onOpen={onOpen}
              />
            );
          })}
        </Section>
      )}
      {others.length > 0 && (
        <Section title={t("search.people")}>
          {others.map((user) => (
            <PersonHit key={user.id} user={user} seen={seenOf(user, presences)} now={now} query={query} onChoose={onPerson} />
          ))}
        </Section>
      )}
      {search.wanted && (
        <>
          <Title>{t("search.messages")}</Title>
          <MessageHits search={search} query={query} bySender={false} onJump={onJump} onQuery={onQuery} />
        </>
      )}
    </>
  );
}

function Title({ children }: { children: string }) {
  return <h2 className="px-4 pt-3 pb-1 text-sm font-semibold text-muted">{children}</h2>;
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <Title>{title}</Title>
      <ul aria-label={title} className="flex flex-col px-2">
        {children}
      </ul>
    </>
  );
}
