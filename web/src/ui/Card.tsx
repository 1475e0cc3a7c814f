/** A titled box on a settings page. */
import { useId, type ReactNode } from "react";

export function Card({ title, note, action, children }: { title: string; note?: string; action?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="rounded-3xl border border-line bg-page p-4 md:p-6">
      <div className="mb-4 flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2 id={id} className="text-lg font-semibold">
          {title}
        </h2>
        {note !== undefined && <span className="text-sm text-muted">{note}</span>}
        <span className="ml-auto">{action}</span>
      </div>
      {children}
    </section>
  );
}
