/** Numbers with their words, in a row. */
import clsx from "clsx";
import type { LucideIcon } from "lucide-react";

export interface Figure {
  label: string;
  value: string;
  Icon?: LucideIcon;
  /** Something to look at. */
  bad?: boolean;
}

export function Figures({ figures, className }: { figures: readonly Figure[]; className?: string }) {
  return (
    <dl className={clsx("m-0 grid gap-2", className)}>
      {figures.map(({ label, value, Icon, bad = false }) => (
        <div key={label} className="flex min-w-0 flex-col-reverse justify-end gap-0.5 rounded-2xl bg-panel px-3 py-2.5">
          <dt className="flex items-start gap-1.5 text-sm text-muted">
            {Icon !== undefined && <Icon size={15} aria-hidden className="mt-px shrink-0" />}
            <span className="min-w-0">{label}</span>
          </dt>
          <dd className={clsx("m-0 text-xl leading-7 font-semibold tabular-nums", bad && "text-danger")}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
