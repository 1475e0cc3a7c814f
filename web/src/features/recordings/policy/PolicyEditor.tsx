/** The recording policy being edited: what is told, how long it is kept, the rules in their order, and what is not saved. */
import { EarOff } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, codeOf } from "../../../api/http";
import type { RecordingPolicy } from "../../../api/recordings";
import { useErrorWords } from "../../../i18n/errorWords";
import { Button } from "../../../ui/Button";
import { problemsOfTerms } from "./draft";
import { RetentionNote } from "./RetentionNote";
import { RuleForm } from "./RuleForm";
import { RuleList } from "./RuleList";
import { TermsCard } from "./TermsCard";
import { useDraft } from "./useDraft";

/** Which rule the server refused: its place among those that were sent, from 0. */
function refusedRule(error: Error | null): number | null {
  const found = /^rules\[(\d+)\]/u.exec((error instanceof ApiError ? error.at : null) ?? "");
  return found === null ? null : Number(found[1]);
}

export function PolicyEditor({ saved }: { saved: RecordingPolicy }) {
  const words = useErrorWords();
  const { draft, change, changed, saving, error, save } = useDraft(saved);
  /** The rule in the form; `null`: a new one. */
  const [open, setOpen] = useState<number | null | undefined>(undefined);
  const [tried, setTried] = useState(false);
  const found = problemsOfTerms(draft);
  const refused = refusedRule(error);
  const why = error === null ? null : words(codeOf(error));
  const opened = draft.rules.find(({ key }) => key === open);

  function trySave(): void {
    setTried(true);
    if (Object.keys(found).length === 0) save();
    else requestAnimationFrame(() => document.querySelector<HTMLElement>("main [aria-invalid=true]")?.focus());
  }

  return (
    <>
      <RetentionNote mayConfirm />
      <DeafNote />
      <TermsCard terms={draft.terms} problems={tried ? found : {}} onChange={(terms) => change({ type: "terms", terms })} />
      <RuleList
        rules={draft.rules}
        refused={refused === null || why === null ? null : { at: refused, why }}
        onEdit={setOpen}
        onAdd={() => setOpen(null)}
        onChange={change}
      />
      {changed && <SaveBar why={why} saving={saving} onSave={trySave} onDiscard={() => change({ type: "load", policy: draft.saved })} />}
      {open !== undefined && (
        <RuleForm
          draft={draft}
          edited={opened ?? null}
          onClose={() => setOpen(undefined)}
          onDone={(rule) => {
            change(opened === undefined ? { type: "add", rule } : { type: "change", key: opened.key, rule });
            setOpen(undefined);
          }}
        />
      )}
    </>
  );
}

function DeafNote() {
  const { t } = useTranslation();
  return (
    <div role="note" className="flex items-start gap-3 rounded-3xl border border-line bg-page p-4 text-sm md:px-6">
      <EarOff size={18} aria-hidden className="mt-px shrink-0 text-accent" />
      <p>
        {t("recordingAdmin.deaf")} <span className="text-muted">{t("recordingAdmin.note")}</span>
      </p>
    </div>
  );
}

interface SaveBarProps {
  why: string | null;
  saving: boolean;
  onSave(): void;
  onDiscard(): void;
}

/** Stays in sight while something is not saved. */
function SaveBar({ why, saving, onSave, onDiscard }: SaveBarProps) {
  const { t } = useTranslation();
  return (
    <div
      role="region"
      aria-label={t("recordingAdmin.unsaved")}
      className="sticky bottom-2 z-20 flex animate-rise flex-wrap items-center justify-end gap-2 rounded-2xl border border-line-strong bg-raised p-3 shadow-big"
    >
      <p role="status" className="mr-auto px-1 text-sm max-sm:basis-full">
        {why === null ? t("recordingAdmin.unsaved") : <span className="text-danger">{t("recordingAdmin.notSaved", { why })}</span>}
      </p>
      <Button disabled={saving} onClick={onDiscard}>
        {t("recordingAdmin.discard")}
      </Button>
      <Button look="primary" busy={saving} onClick={onSave}>
        {t("recordingAdmin.save")}
      </Button>
    </div>
  );
}
