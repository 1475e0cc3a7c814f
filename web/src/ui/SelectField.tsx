/** A labelled choice from a list, with its hint or error, tied together for screen readers. */
import clsx from "clsx";
import { useId, type ReactNode, type SelectHTMLAttributes } from "react";

export interface SelectFieldProps extends SelectHTMLAttributes<HTMLSelectElement> {
  label: string;
  hint?: ReactNode;
  error?: string | null;
  /** Shown while nothing is chosen: the value "". */
  none?: string;
  options: readonly { value: string; label: string }[];
}

export function SelectField({ label, hint, error, none, options, className, ...rest }: SelectFieldProps) {
  const id = useId();
  const wrong = error !== undefined && error !== null;
  const note = wrong ? error : hint;
  return (
    <div className={clsx("flex min-w-0 flex-col gap-1", className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        aria-invalid={wrong}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        className={clsx("min-h-11 w-full rounded-xl border bg-raised px-2 text-base", wrong ? "border-danger" : "border-line-strong")}
        {...rest}
      >
        {none !== undefined && <option value="">{none}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {note !== undefined && (
        <span id={`${id}-note`} className={clsx("text-sm", wrong ? "text-danger" : "text-muted")}>
          {note}
        </span>
      )}
    </div>
  );
}
