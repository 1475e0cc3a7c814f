/** For the sender of a message: when it was sent, who has read it, and what it said before. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../api/http";
import { getVersions } from "../../api/routes";
import type { ListedConversation } from "../../api/types";
import { useErrorWords } from "../../i18n/errorWords";
import { fullDate } from "../../lib/time";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Skeleton } from "../../ui/states";
import { usePeople } from "./face";
import type { TextMessage } from "./timeline";

export interface MessageDetailsProps {
  message: TextMessage;
  conversation: ListedConversation;
  onClose(): void;
}

export function MessageDetails({ message, conversation, onClose }: MessageDetailsProps) {
  const { t, i18n } = useTranslation();
  return (
    <Dialog label={t("chat.action.details")} onClose={onClose} className="w-[26rem] max-w-[92vw]">
      <div className="flex flex-col gap-4 p-6">
        <h2 className="text-lg font-semibold">{t("chat.action.details")}</h2>
        <p className="text-muted">{t("chat.sentAt", { when: fullDate(i18n.language, message.created_at) })}</p>
        <ReadBy message={message} conversation={conversation} />
        {message.edited_at != null && <Versions message={message} />}
        <Button onClick={onClose} className="self-end">
          {t("app.close")}
        </Button>
      </div>
    </Dialog>
  );
}

function ReadBy({ message, conversation }: Pick<MessageDetailsProps, "message" | "conversation">) {
  const { t } = useTranslation();
  const people = usePeople();
  const others = conversation.members.filter(({ user_id }) => user_id !== message.sender_id);
  const readers = others.filter(({ read_seq }) => read_seq >= message.seq);
  return (
    <section aria-label={t("chat.readBy")}>
      <h3 className="mb-1 text-sm font-semibold">{t("chat.readByCount", { read: readers.length, count: others.length })}</h3>
      <ul className="max-h-60 overflow-y-auto">
        {readers.map(({ user_id }) => {
          const person = people.get(user_id);
          return (
            <li key={user_id} className="flex min-h-11 items-center gap-3">
              <Avatar id={user_id} name={person?.name ?? "…"} picture={person?.picture} size="sm" />
              <span className="truncate">{person?.name ?? "…"}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Versions({ message }: { message: TextMessage }) {
  const { t, i18n } = useTranslation();
  const words = useErrorWords();
  const versions = useQuery({ queryKey: ["versions", message.id, message.edited_at], queryFn: () => getVersions(message.id) });
  return (
    <section aria-label={t("chat.versions")}>
      <h3 className="mb-1 text-sm font-semibold">{t("chat.versions")}</h3>
      {versions.isPending && <Skeleton className="h-12" />}
      {versions.isError && <p role="alert" className="text-sm text-danger">{words(codeOf(versions.error))}</p>}
      <ol className="flex max-h-72 flex-col gap-2 overflow-y-auto">
        {versions.data?.map(({ text, replaced_at }) => (
          <li key={replaced_at} className="rounded-xl bg-panel px-3 py-2">
            <p className="wrap-anywhere whitespace-pre-wrap">{text}</p>
            <p className="mt-1 text-sm text-muted">{t("chat.until", { when: fullDate(i18n.language, replaced_at) })}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
