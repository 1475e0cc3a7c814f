/** The messages that were found, with their loading, empty and error states. */
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { otherLayout } from "../../../lib/search";
import { useNow } from "../../../lib/useNow";
import { Button } from "../../../ui/Button";
import { SkeletonRows } from "../../../ui/states";
import { useConversations } from "../conversations";
import { usePeople } from "../face";
import { HitRow } from "./HitRow";
import type { useMessageSearch } from "./useMessageSearch";

export interface MessageHitsProps {
  search: ReturnType<typeof useMessageSearch>;
  query: string;
  bySender: boolean;
  onJump(conversationId: string, seq: number): void;
  /** The reader takes the query as it was perhaps meant. */
  onQuery(query: string): void;
}

export function MessageHits({ search, query, bySender, onJump, onQuery }: MessageHitsProps) {
  const { t } = useTranslation();
  const people = usePeople();
  const conversations = useConversations();
  const now = useNow(60_000);
  const { hits, searching, isError, error, hasNextPage, isFetchingNextPage } = search;
  if (!search.wanted) return null;
  if (isError) {
    return (
      <div role="alert" className="flex flex-col items-center gap-2 px-6 py-4 text-center text-sm text-muted">
        {t("search.failed", { code: codeOf(error) })}
        <Button onClick={() => void search.refetch()}>{t("app.retry")}</Button>
      </div>
    );
  }
  if (hits.length === 0) return searching ? <SkeletonRows label={t("search.searching")} count={3} /> : <NoHits query={query} onQuery={onQuery} />;
  const byId = new Map((conversations.data ?? []).map((conversation) => [conversation.id, conversation]));
  return (
    <>
      <ul aria-label={t("search.messages")} aria-busy={searching} className="flex flex-col px-2 py-1">
        {hits.map((hit) => (
          <HitRow
            key={hit.message.id}
            hit={hit}
            conversation={byId.get(hit.message.conversation_id)}
            people={people}
            now={now}
            bySender={bySender}
            onJump={onJump}
          />
        ))}
      </ul>
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void search.fetchNextPage()} className="mx-4 mb-3">
          {t("search.more")}
        </Button>
      )}
    </>
  );
}

function NoHits({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
  const { t } = useTranslation();
  const meant = otherLayout(query);
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-4 text-center text-sm text-muted">
      <p>{t("search.noMessages")}</p>
      {meant !== null && <Button onClick={() => onQuery(meant)}>{t("search.layout", { query: meant })}</Button>}
    </div>
  );
}
