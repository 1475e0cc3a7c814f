/** A labelled input with its hint or error, tied together for screen readers. */
import clsx from "clsx";
import { useId, type InputHTMLAttributes, type ReactNode } from "react";

export interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: ReactNode;
  error?: string | null;
}

export function Field({ label, hint, error, className, ...rest }: FieldProps) {
  const id = useId();
  const wrong = error !== undefined && error !== null;
  const note = wrong ? error : hint;
  return (
    <div className={clsx("flex flex-col gap-1", className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        aria-invalid={wrong}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        className={clsx(
          "min-h-11 rounded-xl border bg-raised px-3 outline-offset-[-1px] placeholder:text-muted",
          wrong ? "border-danger" : "border-line-strong",
        )}
        {...rest}
      />
      {note !== undefined && (
        <span id={`${id}-note`} className={clsx("text-sm", wrong ? "text-danger" : "text-muted")}>
          {note}
        </span>
      )}
    </div>
  );
}
