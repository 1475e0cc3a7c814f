/** A word about a recording, with its sign. */
import clsx from "clsx";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

const LOOKS = {
  plain: "bg-panel text-muted",
  accent: "bg-accent-soft text-accent",
  good: "bg-good/10 text-good",
  warn: "bg-warn-soft text-warn-text",
} as const;

export interface ChipProps {
  look?: keyof typeof LOOKS;
  icon?: LucideIcon;
  children: ReactNode;
}

export function Chip({ look = "plain", icon: Icon, children }: ChipProps) {
  return (
    <span className={clsx("inline-flex min-h-6 max-w-full items-center gap-1 rounded-full px-2 text-sm font-medium", LOOKS[look])}>
      {Icon !== undefined && <Icon size={14} aria-hidden className="shrink-0" />}
      <span className="truncate">{children}</span>
    </span>
  );
}
