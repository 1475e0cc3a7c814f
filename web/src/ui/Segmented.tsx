/** A choice of a few, all visible: theme, language, path policy. Radio buttons underneath. */
import clsx from "clsx";
import { useId, type ReactNode } from "react";

export interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string; icon?: ReactNode; lang?: string }[];
  onChange(value: T): void;
}

export function Segmented<T extends string>({ label, value, options, onChange }: SegmentedProps<T>) {
  const name = useId();
  return (
    <fieldset className="m-0 border-0 p-0">
      <legend className="mb-1 text-sm text-muted">{label}</legend>
      <div className="flex gap-1 rounded-xl bg-panel p-1">
        {options.map((option) => (
          <label
            key={option.value}
            lang={option.lang}
            className={clsx(
              "flex min-h-11 min-w-0 flex-1 cursor-pointer items-center justify-center gap-1 rounded-lg px-2 py-1.5 text-center text-sm md:min-h-9",
              "has-focus-visible:outline-2 has-focus-visible:outline-accent",
              option.icon !== undefined && "flex-col",
              option.value === value ? "bg-raised font-medium shadow-soft" : "text-muted hover:text-text",
            )}
          >
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
              className="sr-only"
            />
            {option.icon}
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
