/** One rule: its place, for whom, how. */
import { ArrowDown, ArrowUp, Disc, Hand, Pencil, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { RecordingRule } from "../../../api/recordings";
import { IconButton } from "../../../ui/Button";
import { Chip } from "../Chip";
import { useRuleDetails } from "./words";

export interface RuleRowProps {
  ruleKey: number;
  rule: RecordingRule;
  /** From 1. */
  place: number;
  /** What the server said of it. */
  why: string | null;
  /** Buttons, where it can be changed. */
  children?: ReactNode;
}

export function RuleRow({ ruleKey, rule, place, why, children }: RuleRowProps) {
  const { t } = useTranslation();
  const details = useRuleDetails();
  return (
    <li data-rule={ruleKey} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-3">
      <span aria-hidden="true" className="w-6 shrink-0 text-right text-muted tabular-nums">
        {place}
      </span>
      <div className="min-w-52 flex-1">
        <p className="font-medium wrap-anywhere">{rule.name}</p>
        <p className="text-sm wrap-anywhere text-muted">{details(rule)}</p>
        {why !== null && (
          <p role="alert" className="text-sm text-danger">
            {why}
          </p>
        )}
      </div>
      <div className="flex items-center gap-1 max-sm:basis-full max-sm:justify-between sm:gap-3">
        <Chip look="accent" icon={rule.mode === "always" ? Disc : Hand}>
          {t(`recordingAdmin.mode.${rule.mode}`)}
        </Chip>
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
      <IconButton data-doing="up" label={t("recordingAdmin.up", { name })} disabled={first} onClick={() => onMove(-1)} className="hover:bg-panel">
        <ArrowUp size={18} />
      </IconButton>
      <IconButton data-doing="down" label={t("recordingAdmin.down", { name })} disabled={last} onClick={() => onMove(1)} className="hover:bg-panel">
        <ArrowDown size={18} />
      </IconButton>
      <IconButton data-doing="edit" label={t("recordingAdmin.edit", { name })} onClick={onEdit} className="hover:bg-panel">
        <Pencil size={17} />
      </IconButton>
      <IconButton label={t("recordingAdmin.remove", { name })} onClick={onRemove} className="hover:bg-panel">
        <Trash2 size={17} />
      </IconButton>
    </div>
  );
}
