/** One's own calls, newest first, by days: to see what one has missed, and to call back. */
import { PhoneMissed, Phone } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import type { CallEntry, ListedUser } from "../../../api/types";
import { matches } from "../../../lib/search";
import { dayOf, fullDay } from "../../../lib/time";
import { useNow } from "../../../lib/useNow";
import { Button } from "../../../ui/Button";
import { Segmented } from "../../../ui/Segmented";
import { EmptyState, ErrorState, SkeletonRows } from "../../../ui/states";
import { useMe, useUsers } from "../../users";
import { CallRow } from "./CallRow";
import { byDay } from "./entries";
import { More } from "./More";
import { useCallLog } from "./useCallLog";

type Which = "all" | "missed";

export interface CallLogProps {
  /** Only calls with those whose name matches. */
  query: string;
  onOpen(conversationId: string): void;
  onFindPeople(): void;
}

export function CallLog({ query, onOpen, onFindPeople }: CallLogProps) {
  const { t } = useTranslation();
  const [which, setWhich] = useState<Which>("all");
  return (
    <>
      <div className="p-3 pb-1 [&_legend]:sr-only">
        <Segmented<Which>
          label={t("call.log.filter")}
          value={which}
          options={[
            { value: "all", label: t("call.log.all") },
            { value: "missed", label: t("call.log.missed") },
          ]}
          onChange={setWhich}
        />
      </div>
      <Entries key={which} missed={which === "missed"} query={query} onOpen={onOpen} onFindPeople={onFindPeople} />
    </>
  );
}

function Entries({ missed, query, onOpen, onFindPeople }: CallLogProps & { missed: boolean }) {
  const { t, i18n } = useTranslation();
  const { id: me } = useMe();
  const log = useCallLog(missed);
  const users = useUsers();
  const now = useNow(60_000);
  const people = useMemo(() => new Map((users.data ?? []).map((user) => [user.id, user])), [users.data]);
  const calls = useMemo(() => (log.data?.pages ?? []).flatMap((page) => page.calls), [log.data]);
  const shown = useMemo(() => calls.filter((call) => isWith(call, me, people, query)), [calls, me, people, query]);

  if (log.isPending || users.isPending) return <SkeletonRows label={t("app.loading")} />;
  if (log.data === undefined) {
    return (
      <ErrorState
        title={t("app.failed")}
        detail={t("app.failedDetail", { code: codeOf(log.error) })}
        retry={t("app.retry")}
        onRetry={() => void log.refetch()}
      />
    );
  }
  if (shown.length === 0 && !log.hasNextPage) {
    if (query.trim() !== "") return <EmptyState icon={<Phone />}>{t("call.log.notFound", { query: query.trim() })}</EmptyState>;
    return missed ? (
      <EmptyState icon={<PhoneMissed />}>{t("call.log.noneMissed")}</EmptyState>
    ) : (
      <EmptyState icon={<Phone />} action={<Button look="primary" onClick={onFindPeople}>{t("call.log.toPeople")}</Button>}>
        {t("call.log.none")}
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col px-2 pb-2">
      {byDay(shown).map(({ at, calls: of }) => {
        const day = dayOf(i18n.language, at, now);
        const name = day === "today" ? t("chat.today") : day === "yesterday" ? t("chat.yesterday") : day;
        return (
          <section key={of[0]?.id} aria-label={name}>
            <h3 title={fullDay(i18n.language, at)} className="px-2 pt-3 pb-1 text-sm font-medium text-muted">
              {name}
            </h3>
            <ul aria-label={`${t("call.log.title")}: ${name}`} className="flex flex-col">
              {of.map((call) => (
                <CallRow key={call.id} call={call} me={me} person={people.get(otherOf(call, me))} onOpen={onOpen} />
              ))}
            </ul>
          </section>
        );
      })}
      {log.hasNextPage && (
        <More busy={log.isFetchingNextPage} failed={log.isFetchNextPageError} onMore={() => void log.fetchNextPage()} />
      )}
    </div>
  );
}

const otherOf = (call: CallEntry, me: string): string => (call.caller_id === me ? call.callee_id : call.caller_id);

function isWith(call: CallEntry, me: string, people: Map<string, ListedUser>, query: string): boolean {
  const person = people.get(otherOf(call, me));
  return query.trim() === "" || (person !== undefined && matches(query, person.name, person.login));
}
