/** What participants are told before they agree, and how long recordings are kept. */
import clsx from "clsx";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { Card } from "../../../ui/Card";
import { Field } from "../../../ui/Field";
import { Switch } from "../../../ui/Switch";
import type { Terms, TermProblems } from "./draft";
import { KeepChoice } from "./KeepChoice";

export interface TermsCardProps {
  terms: Terms;
  problems: TermProblems;
  onChange(terms: Partial<Terms>): void;
}

export function TermsCard({ terms, problems, onChange }: TermsCardProps) {
  const { t } = useTranslation();
  const { purpose } = terms;
  const missing = (text: string): string | null => (problems.purpose === true && text.trim() === "" ? t("recordingAdmin.problem.purpose") : null);
  return (
    <Card title={t("recordingAdmin.notice")} note={t("recordingAdmin.noticeNote")}>
      <div className="flex flex-col gap-4">
        <Field
          label={t("recordingAdmin.recordedBy")}
          hint={t("recordingAdmin.recordedByHint")}
          error={problems.recordedBy === true ? t("recordingAdmin.problem.recordedBy") : null}
          autoComplete="organization"
          value={terms.recorded_by}
          onChange={(event) => onChange({ recorded_by: event.target.value })}
        />
        <div className="grid gap-4 md:grid-cols-2">
          <Text label={t("recordingAdmin.purposeRu")} lang="ru" error={missing(purpose.ru)} value={purpose.ru} onChange={(ru) => onChange({ purpose: { ...purpose, ru } })} />
          <Text label={t("recordingAdmin.purposeEn")} lang="en" error={missing(purpose.en)} value={purpose.en} onChange={(en) => onChange({ purpose: { ...purpose, en } })} />
        </div>
        <KeepChoice
          label={t("recordingAdmin.keep")}
          hint={t("recordingAdmin.keepNote")}
          days={terms.retention_days}
          wrong={problems.days === true}
          onChange={(days) => onChange({ retention_days: days })}
        />
        <Switch
          label={t("recordingAdmin.twoOfficers")}
          detail={t("recordingAdmin.twoOfficersDetail")}
          checked={terms.two_officers}
          onChange={(on) => onChange({ two_officers: on })}
        />
      </div>
    </Card>
  );
}

interface TextProps {
  label: string;
  lang: string;
  value: string;
  error: string | null;
  onChange(value: string): void;
}

function Text({ label, lang, value, error, onChange }: TextProps) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <textarea
        id={id}
        lang={lang}
        rows={3}
        maxLength={2_000}
        value={value}
        aria-invalid={error !== null}
        aria-describedby={error === null ? undefined : `${id}-note`}
        onChange={(event) => onChange(event.target.value)}
        className={clsx("rounded-xl border bg-raised px-3 py-2 outline-offset-[-1px]", error === null ? "border-line-strong" : "border-danger")}
      />
      {error !== null && (
        <span id={`${id}-note`} className="text-sm text-danger">
          {error}
        </span>
      )}
    </div>
  );
}
