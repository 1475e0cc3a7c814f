/** One conversation: read with all that was in it, kept, handed out. */
import { Download, Lock } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ArchivedDetail } from "../../../api/archive";
import { codeOf } from "../../../api/http";
import { useKeptWords } from "../../../i18n/keptWords";
import { archive as ru } from "../../../i18n/ru/archive";
import { shortDay } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import { useNameOf } from "../../users";
import { Accesses } from "../detail/Traces";
import { ExportForm } from "../exports/ExportForm";
import { known } from "../words";
import { ConversationMarks } from "./ConversationRow";
import { HoldList } from "./HoldList";
import { MessagesCard } from "./MessagesCard";
import { PlaceHold } from "./PlaceHold";
import { useArchived } from "./useConversation";
import { useTitleOf } from "./words";

/** `seq`: the message at which to begin; null for the newest. */
export function ConversationView({ id, seq }: { id: string; seq: number | null }) {
  const { t } = useTranslation();
  const conversation = useArchived(id);
  if (conversation.isPending) {
    return (
      <div role="status" aria-label={t("app.loading")} className="grid gap-4 lg:grid-cols-[1fr_20rem]">
        <Skeleton className="h-96 rounded-3xl!" />
        <Skeleton className="h-96 rounded-3xl!" />
      </div>
    );
  }
  if (conversation.isError) {
    const code = codeOf(conversation.error);
    if (code === "not_found") return <EmptyState icon={<Lock />}>{t("archive.read.empty")}</EmptyState>;
    return <ErrorState title={t("app.failed")} detail={t("app.failedDetail", { code })} retry={t("app.retry")} onRetry={() => void conversation.refetch()} />;
  }
  return <Opened conversation={conversation.data} seq={seq} />;
}

function Opened({ conversation, seq }: { conversation: ArchivedDetail; seq: number | null }) {
  const { t, i18n } = useTranslation();
  const title = useTitleOf()(conversation);
  const [first, last] = [shortDay(i18n.language, conversation.first_at), shortDay(i18n.language, conversation.last_at)];
  const words = (action: string): string =>
    known(ru.accesses.kinds, action) ? t(`archive.accesses.kinds.${action}`, { action }) : t("archive.accesses.kinds.other", { action });
  return (
    <>
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-1">
        <h2 className="text-lg font-semibold wrap-anywhere">{title}</h2>
        <span className="text-muted">{first === last ? first : t("archive.span", { first, last })}</span>
        <span className="flex flex-wrap gap-1.5">
          <ConversationMarks conversation={conversation} />
        </span>
      </header>
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <MessagesCard id={conversation.id} seq={seq} />
        <div className="flex min-w-0 flex-col gap-4">
          <FactsCard conversation={conversation} />
          <HoldsCard conversation={conversation} />
          <Accesses accesses={conversation.accesses} none={t("archive.accesses.none")} words={words} />
        </div>
      </div>
    </>
  );
}

function FactsCard({ conversation: { id, people, messages, held, retention_days } }: { conversation: ArchivedDetail }) {
  const { t, i18n } = useTranslation();
  const nameOf = useNameOf();
  const kept = useKeptWords();
  const [exporting, setExporting] = useState(false);
  const keeping = held ? t("archive.facts.heldForever") : retention_days == null ? t("archive.facts.forever") : kept(retention_days);
  return (
    <Card title={t("archive.facts.title")} action={<Button icon={<Download size={17} aria-hidden />} onClick={() => setExporting(true)}>{t("archive.facts.export")}</Button>}>
      <dl className="grid gap-3">
        <div>
          <dt className="text-sm text-muted">{t("archive.facts.people")}</dt>
          {people.map(({ user_id, left_at }) => (
            <dd key={user_id} className="m-0">
              {nameOf(user_id)} {left_at != null && <span className="text-sm text-muted">{t("archive.facts.left", { when: shortDay(i18n.language, left_at) })}</span>}
            </dd>
          ))}
        </div>
        <div>
          <dt className="text-sm text-muted">{t("archive.facts.kept")}</dt>
          <dd className="m-0">{keeping}</dd>
          <dd className="m-0 text-sm text-muted">{t("archive.messages", { count: messages })}</dd>
        </div>
        <div>
          <dt className="text-sm text-muted">{t("archive.facts.id")}</dt>
          <dd className="m-0 text-sm wrap-anywhere">{id}</dd>
        </div>
      </dl>
      {exporting && <ExportForm conversationIds={[id]} onClose={() => setExporting(false)} onDone={() => setExporting(false)} />}
    </Card>
  );
}

function HoldsCard({ conversation: { id, holds } }: { conversation: ArchivedDetail }) {
  const { t } = useTranslation();
  const [placing, setPlacing] = useState(false);
  return (
    <Card title={t("archive.holds.title")} action={<Button icon={<Lock size={17} aria-hidden />} onClick={() => setPlacing(true)}>{t("archive.holds.place")}</Button>}>
      <p className="-mt-2 mb-2 text-sm text-muted">{t(holds.length === 0 ? "archive.holds.none" : "archive.holds.note")}</p>
      <HoldList holds={holds} />
      {placing && <PlaceHold conversationId={id} onClose={() => setPlacing(false)} />}
    </Card>
  );
}
