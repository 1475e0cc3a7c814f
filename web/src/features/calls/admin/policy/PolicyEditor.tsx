/** The path policy being edited: the default, the rules in their order, a try-out, and what is not saved. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../../api/http";
import type { PathPolicy } from "../../../../api/types";
import { useErrorWords } from "../../../../i18n/errorWords";
import { Button } from "../../../../ui/Button";
import { Card } from "../../../../ui/Card";
import { policyOf } from "./draft";
import { PolicyChoice } from "./PolicyChoice";
import { refusedRule } from "./refusal";
import { RuleForm } from "./RuleForm";
import { RuleList } from "./RuleList";
import { TryOut } from "./TryOut";
import { useDraft, type Drafting } from "./useDraft";

export function PolicyEditor({ saved }: { saved: PathPolicy }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const drafting = useDraft(saved);
  const { draft, change, error } = drafting;
  /** The rule in the form; `null`: a new one. */
  const [open, setOpen] = useState<number | null | undefined>(undefined);
  const refused = refusedRule(error);
  const why = error === null ? null : words(codeOf(error));
  const opened = draft.rules.find(({ key }) => key === open);

  return (
    <>
      <Card title={t("callAdmin.policy.title")} note={t("callAdmin.policy.note")}>
        <h3 className="font-medium">{t("callAdmin.policy.default")}</h3>
        <p className="mb-3 text-sm text-muted">{t("callAdmin.policy.defaultNote")}</p>
        <PolicyChoice
          wide
          label={t("callAdmin.policy.default")}
          value={draft.default}
          onChange={(policy) => change({ type: "default", policy })}
        />
      </Card>
      <RuleList
        rules={draft.rules}
        refused={refused === null || why === null ? null : { at: refused, why }}
        onEdit={setOpen}
        onAdd={() => setOpen(null)}
        onChange={change}
      />
      <TryOut policy={policyOf(draft)} />
      <SaveBar drafting={drafting} why={why} />
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

/** Stays in sight while something is not saved. */
function SaveBar({ drafting: { draft, changed, saving, change, save }, why }: { drafting: Drafting; why: string | null }) {
  const { t } = useTranslation();
  if (!changed) return null;
  return (
    <div
      role="region"
      aria-label={t("callAdmin.policy.unsaved")}
      className="sticky bottom-2 z-20 flex animate-rise flex-wrap items-center justify-end gap-2 rounded-2xl border border-line-strong bg-raised p-3 shadow-big"
    >
      <p role="status" className="mr-auto px-1 text-sm max-sm:basis-full">
        {why === null ? t("callAdmin.policy.unsaved") : <span className="text-danger">{t("callAdmin.policy.notSaved", { why })}</span>}
      </p>
      <Button disabled={saving} onClick={() => change({ type: "load", policy: draft.saved })}>
        {t("callAdmin.policy.discard")}
      </Button>
      <Button look="primary" busy={saving} onClick={save}>
        {t("callAdmin.policy.save")}
      </Button>
    </div>
  );
}
