/** What the looks of a lane mean; what is in none of them is left out. */
import clsx from "clsx";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Lane } from "../player/lanes";

export const PRESENT = "inset-y-0 border-x border-line-strong/50 bg-accent-soft";
export const MUTED = "inset-y-0 bg-[repeating-linear-gradient(135deg,var(--line-strong)_0_1px,transparent_1px_6px)]";
export const GAP = "inset-y-0 bg-warn-text/70";
/** Along the bottom: one speaks meanwhile. */
export const SHARED = "bottom-0 h-1.5 bg-(--name-4)";

export function Legend({ lanes }: { lanes: readonly Lane[] }) {
  const { t } = useTranslation();
  const some = (which: "muted" | "gaps" | "shared"): boolean => lanes.some((lane) => lane[which].length > 0);
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
      {lanes.some(({ speech }) => speech !== null) && <Key look="bg-accent">{t("recordings.player.legend.speech")}</Key>}
      <Key look="border border-line-strong/50 bg-accent-soft">{t("recordings.player.legend.present")}</Key>
      {some("muted") && <Key look={clsx("border border-line-strong", MUTED)}>{t("recordings.player.legend.muted")}</Key>}
      {some("shared") && <Key look="bg-(--name-4)">{t("recordings.player.legend.shared")}</Key>}
      {some("gaps") && <Key look={GAP}>{t("recordings.player.legend.gap")}</Key>}
    </p>
  );
}

function Key({ look, children }: { look: string; children: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden className={clsx("h-3 w-4 rounded-sm", look)} />
      {children}
    </span>
  );
}
