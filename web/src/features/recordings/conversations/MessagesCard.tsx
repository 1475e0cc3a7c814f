/** The messages of a conversation, a stretch at a time; each stretch that is asked for is an entry in the audit log. */
import clsx from "clsx";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { Field } from "../../../ui/Field";
import { ErrorState, SkeletonRows } from "../../../ui/states";
import { periodOf } from "../list/filter";
import { MessageBody } from "./MessageBody";
import { useArchivedMessages } from "./useConversation";

export function MessagesCard({ id, seq }: { id: string; seq: number | null }) {
  const { t } = useTranslation();
  const [day, setDay] = useState("");
  const { from } = periodOf({ from: day, to: "" });
  const list = useArchivedMessages(id, from !== undefined ? { at: from } : seq !== null ? { around: seq } : {});
  const messages = list.data?.pages.flatMap((page) => page.messages) ?? [];
  const places = new Map(messages.map((message) => [message.id, message.seq]));
  const rows = useRef<HTMLOListElement>(null);
  const show = (place: number): void => rows.current?.querySelector(`[data-seq="${place}"]`)?.scrollIntoView({ block: "center" });
  const begin = messages.find((message) => (from === undefined ? message.seq === seq : message.created_at >= from))?.seq;
  useEffect(() => {
    if (begin !== undefined) show(begin);
  }, [begin]);
  return (
    <Card title={t("archive.read.title")} action={<Field type="date" label={t("archive.read.at")} value={day} onChange={(event) => setDay(event.target.value)} />}>
      {list.isPending && <SkeletonRows label={t("app.loading")} count={6} />}
      {list.isError && (
        <ErrorState title={t("app.failed")} detail={t("app.failedDetail", { code: codeOf(list.error) })} retry={t("app.retry")} onRetry={() => void list.refetch()} />
      )}
      {list.hasPreviousPage && (
        <Button busy={list.isFetchingPreviousPage} onClick={() => void list.fetchPreviousPage()} className="mb-3">
          {t("archive.read.older")}
        </Button>
      )}
      <ol ref={rows} aria-label={t("archive.read.title")} className="-mx-2 flex flex-col">
        {messages.map((message) => {
          const quoted = message.reply_to_id == null ? undefined : places.get(message.reply_to_id);
          return (
            <li key={message.id} data-seq={message.seq} className={clsx("rounded-2xl px-2 py-2.5", message.seq === begin && "bg-accent-soft")}>
              <MessageBody message={message} onReply={quoted === undefined ? undefined : () => show(quoted)} />
            </li>
          );
        })}
      </ol>
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()} className="mt-3">
          {t("archive.read.newer")}
        </Button>
      )}
    </Card>
  );
}
