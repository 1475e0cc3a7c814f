/** The recording policy being edited: what is told, how long it is kept, the rules in their order, and what is not saved. */
import { AudioLines, EarOff } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, codeOf } from "../../../api/http";
import { setRecordingPolicy, type RecordingPolicy } from "../../../api/recordings";
import { useErrorWords } from "../../../i18n/errorWords";
import { refusedRule } from "../../../lib/rules";
import { RuleList } from "../../../ui/rules/RuleList";
import { SaveBar } from "../../../ui/rules/SaveBar";
import { useDraft, type Drafts } from "../../../ui/rules/useDraft";
import { draftOf, edit, isChanged, policyOf, problemsOfTerms, type Draft, type Edit } from "./draft";
import { ModeChip } from "./ModeChip";
import { POLICY } from "./key";
import { RetentionNote } from "./RetentionNote";
import { RuleForm } from "./RuleForm";
import { TermsCard } from "./TermsCard";
import { useRuleDetails } from "./words";

const DRAFTS: Drafts<RecordingPolicy, Draft, Edit> = {
  key: POLICY,
  draftOf,
  edit,
  isChanged,
  policyOf,
  save: setRecordingPolicy,
  isOutdated: (error) => codeOf(error) === "policy_changed",
};

export function PolicyEditor({ saved }: { saved: RecordingPolicy }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const details = useRuleDetails();
  const { draft, change, changed, saving, error, save, discard } = useDraft(DRAFTS, saved, t("recordingAdmin.savedDone"));
  /** The rule in the form; `null`: a new one. */
  const [open, setOpen] = useState<number | null | undefined>(undefined);
  const [tried, setTried] = useState(false);
  const found = problemsOfTerms(draft);
  const at = refusedRule(error instanceof ApiError ? error.at : null);
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
        note={t("recordingAdmin.rulesNote")}
        none={{ icon: <AudioLines />, words: t("recordingAdmin.none") }}
        refused={at === null || why === null ? null : { at, why }}
        details={details}
        chip={({ mode }) => <ModeChip mode={mode} />}
        onEdit={setOpen}
        onAdd={() => setOpen(null)}
        onChange={change}
      />
      {changed && <SaveBar why={why} saving={saving} onSave={trySave} onDiscard={discard} />}
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
