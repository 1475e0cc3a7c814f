/** A setting that is on or off, with its words. A checkbox underneath. */
import clsx from "clsx";
import { useId, type ReactNode } from "react";

export interface SwitchProps {
  label: string;
  detail?: ReactNode;
  icon?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange(checked: boolean): void;
}

export function Switch({ label, detail, icon, checked, disabled = false, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className={clsx("relative flex min-h-14 items-center gap-3 py-2", disabled && "opacity-60")}>
      {icon !== undefined && <span className="text-muted">{icon}</span>}
      <span className="min-w-0 flex-1">
        {/* Reaches over the whole row, so that all of it can be touched. */}
        <label htmlFor={id} className="block font-medium after:absolute after:inset-0 after:cursor-pointer">
          {label}
        </label>
        {detail !== undefined && (
          <span id={`${id}-detail`} className="block text-sm text-muted">
            {detail}
          </span>
        )}
      </span>
      <input
        type="checkbox"
        role="switch"
        id={id}
        checked={checked}
        disabled={disabled}
        aria-describedby={detail === undefined ? undefined : `${id}-detail`}
        onChange={(event) => onChange(event.target.checked)}
        className={clsx(
          "relative h-7 w-12 shrink-0 appearance-none rounded-full bg-line-strong transition checked:bg-accent",
          "before:absolute before:top-1 before:left-1 before:size-5 before:rounded-full before:bg-page before:shadow-soft before:transition",
          "checked:before:translate-x-5",
        )}
      />
    </div>
  );
}
