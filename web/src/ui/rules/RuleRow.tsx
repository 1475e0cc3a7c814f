/** One rule: its place, its name, for whom, how. */
import { ArrowDown, ArrowUp, Pencil, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../Button";

export interface RuleRowProps {
  ruleKey: number;
  name: string;
  /** From 1. */
  place: number;
  details: ReactNode;
  chip: ReactNode;
  /** What the server said of it. */
  why?: string | null;
  /** Buttons, where it can be changed. */
  children?: ReactNode;
}

export function RuleRow({ ruleKey, name, place, details, chip, why = null, children }: RuleRowProps) {
  return (
    <li data-rule={ruleKey} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-3">
      <span aria-hidden="true" className="w-6 shrink-0 text-right text-muted tabular-nums">
        {place}
      </span>
      <div className="min-w-52 flex-1">
        <p className="font-medium wrap-anywhere">{name}</p>
        <p className="flex items-start gap-1.5 text-sm wrap-anywhere text-muted">{details}</p>
        {why !== null && (
          <p role="alert" className="text-sm text-danger">
            {why}
          </p>
        )}
      </div>
      <div className="flex items-center gap-1 max-sm:basis-full max-sm:justify-between sm:gap-3">
        {chip}
        {children}
      </div>
    </li>
  );
}

export interface RuleButtonsProps {
  name: string;
  first: boolean;
  last: boolean;
  onEdit(): void;
  onMove(by: -1 | 1): void;
  onRemove(): void;
}

export function RuleButtons({ name, first, last, onEdit, onMove, onRemove }: RuleButtonsProps) {
  const { t } = useTranslation();
  return (
    <div className="-mr-3 flex text-muted sm:mr-0">
      <IconButton data-doing="up" label={t("rules.up", { name })} disabled={first} onClick={() => onMove(-1)} className="hover:bg-panel">
        <ArrowUp size={18} />
      </IconButton>
      <IconButton data-doing="down" label={t("rules.down", { name })} disabled={last} onClick={() => onMove(1)} className="hover:bg-panel">
        <ArrowDown size={18} />
      </IconButton>
      <IconButton data-doing="edit" label={t("rules.edit", { name })} onClick={onEdit} className="hover:bg-panel">
        <Pencil size={17} />
      </IconButton>
      <IconButton label={t("rules.remove", { name })} onClick={onRemove} className="hover:bg-panel">
        <Trash2 size={17} />
      </IconButton>
    </div>
  );
}
