/** How long something is kept: what regulators ask for, another number of days, or, where that may be, for ever. */
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

export interface KeepOrForeverProps extends Omit<KeepChoiceProps, "days" | "onChange"> {
  /** Null: for ever. */
  days: number | null;
  onChange(days: number | null): void;
}

/** What is proposed in place of "for ever". */
const PROPOSED = 1_827;

const OTHER = "other";
const FOREVER = "forever";

function presetOf(days: number): number | null {
  const { unit, count } = spanOf(days);
  return PRESETS.find((one) => one.unit === unit && one.count === count)?.days ?? null;
}

export function KeepChoice({ onChange, ...rest }: KeepChoiceProps) {
  return <Choice {...rest} onChange={(days) => onChange(days ?? PROPOSED)} />;
}

export function KeepOrForever(props: KeepOrForeverProps) {
  const { t } = useTranslation();
  return <Choice {...props} forever={t("archive.policy.forever")} />;
}

function Choice({ label, days, hint, wrong, forever, onChange }: KeepOrForeverProps & { forever?: string }) {
  const { t } = useTranslation();
  const kept = useKeptWords();
  const preset = days === null ? FOREVER : presetOf(days);
  const [custom, setCustom] = useState(preset === null);
  const other = custom || preset === null;
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <SelectField
        label={label}
        {...(hint !== undefined && { hint })}
        options={[...(forever === undefined ? [] : [{ value: FOREVER, label: forever }]), ...PRESETS.map((one) => ({ value: String(one.days), label: kept(one.days) })), { value: OTHER, label: t("recordingAdmin.custom") }]}
        value={other ? OTHER : String(preset)}
        onChange={({ target }) => {
          setCustom(target.value === OTHER);
          if (target.value === FOREVER) onChange(null);
          else if (target.value !== OTHER) onChange(Number(target.value));
          else if (days === null) onChange(PROPOSED);
        }}
      />
      {other && (
        <Field
          type="number"
          inputMode="numeric"
          min={1}
          label={t("recordingAdmin.days")}
          error={wrong ? t("recordingAdmin.problem.days") : null}
          value={days === null || Number.isNaN(days) ? "" : days}
          onChange={(event) => onChange(event.target.valueAsNumber)}
        />
      )}
    </div>
  );
}
