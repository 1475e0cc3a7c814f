/** How long messages are kept, edited by an admin: for all, and by rules; asked once more before anything is erased by it. */
import { Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ChatRetention, ChatRetentionRule } from "../../../api/archive";
import { codeOf } from "../../../api/http";
import { useErrorWords } from "../../../i18n/errorWords";
import { Button, IconButton } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { Confirm } from "../../../ui/Confirm";
import { ErrorState, Skeleton } from "../../../ui/states";
import { useLeaveWarning } from "../../../ui/useLeaveWarning";
import { isSpan } from "../policy/draft";
import { KeepOrForever } from "../policy/KeepChoice";
import { RetentionRuleForm } from "./RetentionRuleForm";
import { isShorter, useChatRetention, useSetChatRetention } from "./useChatRetention";
import { useSpanWords, useWhichWords } from "./words";

export function ChatRetentionCard() {
  const { t } = useTranslation();
  const policy = useChatRetention();
  return (
    <Card title={t("archive.policy.title")}>
      <p className="-mt-2 mb-4 text-sm text-muted">{t("archive.policy.note")}</p>
      {policy.isPending && <Skeleton className="h-24" />}
      {policy.isError && (
        <ErrorState title={t("app.failed")} detail={t("app.failedDetail", { code: codeOf(policy.error) })} retry={t("app.retry")} onRetry={() => void policy.refetch()} />
      )}
      {policy.data !== undefined && <Editor key={policy.data.version} saved={policy.data} />}
    </Card>
  );
}

function Editor({ saved }: { saved: ChatRetention }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const [draft, setDraft] = useState(saved);
  /** The rule in the form by its place; -1: a new one. */
  const [open, setOpen] = useState<number | null>(null);
  const [asked, setAsked] = useState(false);
  const set = useSetChatRetention();
  const changed = JSON.stringify(draft) !== JSON.stringify(saved);
  const { retention_days: days = null, rules } = draft;
  const wrong = days !== null && !isSpan(days);
  useLeaveWarning(changed);
  const save = (): void => set.mutate(draft, { onSettled: () => setAsked(false) });
  const replace = (rule: ChatRetentionRule): void => {
    const at = open === null || open < 0 ? rules.length : open;
    setDraft({ ...draft, rules: rules.toSpliced(at, 1, rule) });
    setOpen(null);
  };
  return (
    <div className="flex flex-col gap-4">
      <KeepOrForever label={t("archive.policy.keep")} days={days} wrong={wrong} onChange={(next) => setDraft({ ...draft, retention_days: next })} />
      <div>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <h3 className="font-semibold">{t("archive.policy.rules")}</h3>
          <Button icon={<Plus size={18} aria-hidden />} onClick={() => setOpen(-1)} className="ml-auto">
            {t("archive.policy.add")}
          </Button>
        </div>
        <p className="text-sm text-muted">{t(rules.length === 0 ? "archive.policy.none" : "archive.policy.rulesNote")}</p>
        <ul className="mt-1 divide-y divide-line">
          {rules.map((rule, at) => (
            <Row key={rule.name} rule={rule} onEdit={() => setOpen(at)} onRemove={() => setDraft({ ...draft, rules: rules.toSpliced(at, 1) })} />
          ))}
        </ul>
      </div>
      {changed && (
        <div className="flex flex-wrap items-center justify-end gap-2">
          <p role="status" className="mr-auto text-sm max-sm:basis-full">
            {set.isError ? <span className="text-danger">{t("rules.notSaved", { why: words(codeOf(set.error)) })}</span> : t("rules.unsaved")}
          </p>
          <Button onClick={() => setDraft(saved)}>{t("rules.discard")}</Button>
          <Button look="primary" disabled={wrong} busy={set.isPending} onClick={() => (isShorter(saved, draft) ? setAsked(true) : save())}>
            {t("rules.save")}
          </Button>
        </div>
      )}
      {open !== null && (
        <RetentionRuleForm
          edited={rules[open] ?? null}
          others={rules.filter((_, at) => at !== open)}
          onDone={replace}
          onClose={() => setOpen(null)}
        />
      )}
      {asked && (
        <Confirm
          title={t("archive.policy.shorterTitle")}
          detail={t("archive.policy.shorterDetail")}
          action={t("archive.policy.shorterAction")}
          busy={set.isPending}
          onConfirm={save}
          onClose={() => setAsked(false)}
        />
      )}
    </div>
  );
}

function Row({ rule: { name, match, retention_days }, onEdit, onRemove }: { rule: ChatRetentionRule; onEdit: () => void; onRemove: () => void }) {
  const { t } = useTranslation();
  const span = useSpanWords();
  const which = useWhichWords();
  return (
    <li className="flex flex-wrap items-center gap-x-3 py-2.5">
      <div className="min-w-52 flex-1">
        <p className="font-medium wrap-anywhere">{name}</p>
        <p className="text-sm wrap-anywhere text-muted">
          {which(match)} · {span(retention_days)}
        </p>
      </div>
      <div className="-mr-3 flex text-muted">
        <IconButton label={t("rules.edit", { name })} onClick={onEdit} className="hover:bg-panel">
          <Pencil size={17} />
        </IconButton>
        <IconButton label={t("rules.remove", { name })} onClick={onRemove} className="hover:bg-panel">
          <Trash2 size={17} />
        </IconButton>
      </div>
    </li>
  );
}
