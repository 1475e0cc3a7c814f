/** One leg of the check: what it is, how it went, how long it took. */
import clsx from "clsx";
import { Circle, CircleCheck, CircleMinus, CircleX, LoaderCircle } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CheckView } from "./check";
import type { Leg } from "./model";
import { detailOf, stateOf, technicalOf, type LegState } from "./words";

const SIGNS: Record<LegState, { Icon: typeof Circle; look: string }> = {
  waiting: { Icon: Circle, look: "text-line-strong" },
  running: { Icon: LoaderCircle, look: "text-accent motion-safe:animate-spin" },
  ok: { Icon: CircleCheck, look: "text-good" },
  failed: { Icon: CircleX, look: "text-danger" },
  skipped: { Icon: CircleMinus, look: "text-line-strong" },
};

export function LegRow({ leg, view }: { leg: Leg; view: CheckView }) {
  const { t } = useTranslation("check");
  const state = stateOf(view, leg);
  const { Icon, look } = SIGNS[state];
  const outcome = view.outcomes[leg];
  const detail = detailOf(t, leg, outcome);
  const technical = technicalOf(leg, outcome);
  const quiet = state === "waiting" || state === "skipped";
  return (
    <li data-leg={leg} data-state={state} className="flex items-start gap-3 py-2.5">
      <Icon size={20} aria-hidden className={clsx("mt-0.5 shrink-0", look)} />
      <span className="min-w-0 flex-1">
        <span className={clsx("block", quiet && "text-muted")}>{t(`leg.${leg}`)}</span>
        {technical !== "" && <span className="block text-sm wrap-anywhere text-muted">{technical}</span>}
      </span>
      <span className="max-w-[45%] text-right">
        <span className={clsx("block", state === "failed" ? "font-medium text-danger" : quiet ? "text-sm text-muted" : "")}>{t(`state.${state}`)}</span>
        {detail !== "" && <span className="block text-sm wrap-anywhere text-muted tabular-nums">{detail}</span>}
      </span>
    </li>
  );
}
