/** Messages that say, or said, what is looked for. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { SearchX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { searchArchive, type ArchivedMessage } from "../../../api/archive";
import { navigate, pathOf } from "../../../lib/router";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { EmptyState, ErrorState, SkeletonRows } from "../../../ui/states";
import { useNameOf } from "../../users";
import { useWhen } from "../words";
import { MessageBody } from "./MessageBody";
import { queryOf, type Wanted } from "./wanted";

const LIMIT = 20;

export function MessageHits({ wanted }: { wanted: Wanted }) {
  const { t } = useTranslation();
  const query = { ...queryOf(wanted), q: wanted.q.trim() };
  const list = useInfiniteQuery({
    queryKey: ["archive-hits", query],
    queryFn: ({ pageParam }) => searchArchive({ ...query, limit: LIMIT, ...(pageParam !== null && { before: pageParam }) }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.more ? (page.messages.at(-1)?.seq ?? null) : null),
    gcTime: 0,
  });
  const hits = list.data?.pages.flatMap((page) => page.messages) ?? [];
  return (
    <Card title={t("archive.hits.title")} note={t("archive.hits.note")}>
      {list.isPending && <SkeletonRows label={t("app.loading")} count={3} />}
      {list.isError && (
        <ErrorState title={t("app.failed")} detail={t("app.failedDetail", { code: codeOf(list.error) })} retry={t("app.retry")} onRetry={() => void list.refetch()} />
      )}
      {list.isSuccess && hits.length === 0 && <EmptyState icon={<SearchX />}>{t("archive.hits.none")}</EmptyState>}
      {hits.length > 0 && (
        <ul aria-label={t("archive.hits.title")} className="-mx-3 divide-y divide-line">
          {hits.map((message) => (
            <Hit key={message.id} message={message} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()} className="mt-3">
          {t("archive.more")}
        </Button>
      )}
    </Card>
  );
}

function Hit({ message }: { message: ArchivedMessage }) {
  const { t } = useTranslation();
  const name = useNameOf()(message.sender_id);
  const when = useWhen()(message.created_at);
  const route = { name: "recordings", list: "conversations", id: message.conversation_id, seq: message.seq } as const;
  return (
    <li className="relative px-3 py-3 has-[a:hover]:bg-panel">
      <MessageBody message={message} brief />
      <a
        href={pathOf(route)}
        aria-label={t("archive.hits.open", { name, when })}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          navigate(route);
        }}
        className="absolute inset-0 rounded-xl outline-offset-[-2px]"
      />
    </li>
  );
}
