/** How long recordings are kept: what regulators ask for, or another number of days. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useKeptWords } from "../../../i18n/keptWords";
import { PRESETS, spanOf } from "../../../lib/retention";
import { Field } from "../../../ui/Field";
import { SelectField } from "../../../ui/SelectField";

export interface KeepChoiceProps {
  label: string;
  days: number;
  hint?: string;
  wrong: boolean;
  onChange(days: number): void;
}

const OTHER = "other";

function presetOf(days: number): number | null {
  const { unit, count } = spanOf(days);
  return PRESETS.find((one) => one.unit === unit && one.count === count)?.days ?? null;
}

export function KeepChoice({ label, days, hint, wrong, onChange }: KeepChoiceProps) {
  const { t } = useTranslation();
  const kept = useKeptWords();
  const [custom, setCustom] = useState(presetOf(days) === null);
  const preset = presetOf(days);
  const other = custom || preset === null;
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <SelectField
        label={label}
        {...(hint !== undefined && { hint })}
        options={[...PRESETS.map((one) => ({ value: String(one.days), label: kept(one.days) })), { value: OTHER, label: t("recordingAdmin.custom") }]}
        value={other ? OTHER : String(preset)}
        onChange={({ target }) => {
          setCustom(target.value === OTHER);
          if (target.value !== OTHER) onChange(Number(target.value));
        }}
      />
      {other && (
        <Field
          type="number"
          inputMode="numeric"
          min={1}
          label={t("recordingAdmin.days")}
          error={wrong ? t("recordingAdmin.problem.days") : null}
          value={Number.isNaN(days) ? "" : days}
          onChange={(event) => onChange(event.target.valueAsNumber)}
        />
      )}
    </div>
  );
}
