/** What a screen shows when it has nothing to show yet, nothing at all, or an error. */
import clsx from "clsx";
import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./Button";

export function Skeleton({ className }: { className?: string }) {
  return <span className={clsx("block animate-pulse-soft rounded-lg bg-line", className)} />;
}

/** Rows like those of the lists, while they load. */
export function SkeletonRows({ label, count = 6 }: { label: string; count?: number }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col">
      {Array.from({ length: count }, (_, row) => (
        <div key={row} className="flex h-16 items-center gap-3 px-4">
          <Skeleton className="size-12 shrink-0 rounded-full" />
          <span className="flex flex-1 flex-col gap-2">
            <Skeleton className="h-3.5 w-2/5" />
            <Skeleton className="h-3 w-4/5" />
          </span>
        </div>
      ))}
    </div>
  );
}

export interface EmptyStateProps {
  icon: ReactNode;
  children: ReactNode;
  action?: ReactNode;
}

export function EmptyState({ icon, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-4 p-8 text-center text-muted">
      <span aria-hidden="true" className="grid size-16 place-items-center rounded-full bg-accent-soft text-accent">
        {icon}
      </span>
      <p className="max-w-72">{children}</p>
      {action}
    </div>
  );
}

export interface ErrorStateProps {
  title: string;
  /** What to do, and the code for the admin. */
  detail: string;
  retry: string;
  onRetry(): void;
}

export function ErrorState({ title, detail, retry, onRetry }: ErrorStateProps) {
  return (
    <div role="alert" className="flex flex-1 flex-col items-center justify-center gap-3 p-8 text-center">
      <TriangleAlert aria-hidden="true" className="text-danger" />
      <p className="font-medium">{title}</p>
      <p className="max-w-80 text-sm text-muted">{detail}</p>
      <Button onClick={onRetry}>{retry}</Button>
    </div>
  );
}
