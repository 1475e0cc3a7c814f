/** How often each of a few things was, the most frequent first. */
import { useId } from "react";
import { useTranslation } from "react-i18next";

export interface CountsProps {
  title: string;
  none: string;
  counts: readonly { label: string; count: number }[];
}

export function Counts({ title, none, counts }: CountsProps) {
  const { i18n } = useTranslation();
  const id = useId();
  const number = new Intl.NumberFormat(i18n.language);
  const most = Math.max(1, ...counts.map(({ count }) => count));
  return (
    <section aria-labelledby={id} className="min-w-0">
      <h3 id={id} className="mb-2 font-medium">
        {title}
      </h3>
      {counts.length === 0 && <p className="text-sm text-muted">{none}</p>}
      <ul className="flex flex-col gap-2.5">
        {counts.map(({ label, count }) => (
          <li key={label} className="text-sm">
            <span className="flex items-baseline gap-3">
              <span className="min-w-0 flex-1">{label}</span>
              <span className="font-medium tabular-nums">{number.format(count)}</span>
            </span>
            <span aria-hidden="true" className="mt-1 block h-1.5 rounded-full bg-panel">
              <span className="block h-full min-w-1.5 rounded-full bg-accent" style={{ width: `${(100 * count) / most}%` }} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
