/** A path or a policy: its sign and its short name. */
import clsx from "clsx";
import { ArrowLeftRight, Server, ShieldCheck, Split, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Policy } from "../../../api/types";

export const PATH_ICONS: Record<Policy, LucideIcon> = {
  direct: ArrowLeftRight,
  auto: Split,
  relayed: ShieldCheck,
  media_node: Server,
};

export function PathChip({ path, className, children }: { path: Policy; className?: string; children: ReactNode }) {
  const Icon = PATH_ICONS[path];
  return (
    <span className={clsx("inline-flex min-h-7 items-center gap-1.5 rounded-full bg-accent-soft px-2.5 text-sm font-medium whitespace-nowrap text-accent", className)}>
      <Icon size={15} aria-hidden className="shrink-0" />
      {children}
    </span>
  );
}
