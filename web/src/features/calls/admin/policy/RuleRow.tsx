/** One rule: its place, for whom, and what. */
import { ArrowDown, ArrowUp, Network, Pencil, Trash2, UserRound, UsersRound, type LucideIcon } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { PathRule } from "../../../../api/types";
import { useRuleWords } from "../../../../i18n/ruleWords";
import { IconButton } from "../../../../ui/Button";
import { useNameOf } from "../../../users";
import { PathChip } from "../PathChip";

const ICONS: Record<PathRule["match"]["type"], LucideIcon> = { network: Network, role: UsersRound, user: UserRound };

export interface RuleRowProps {
  ruleKey: number;
  rule: PathRule;
  /** From 1. */
  place: number;
  of: number;
  /** What the server said of it. */
  why: string | null;
  onEdit(): void;
  onMove(by: -1 | 1): void;
  onRemove(): void;
}

export function RuleRow({ ruleKey, rule, place, of, why, onEdit, onMove, onRemove }: RuleRowProps) {
  const { t } = useTranslation();
  const who = useRuleWords(useNameOf());
  const Icon = ICONS[rule.match.type];
  const { name } = rule;
  return (
    <li data-rule={ruleKey} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-3">
      <span aria-hidden="true" className="w-6 shrink-0 text-right text-muted tabular-nums">
        {place}
      </span>
      <div className="min-w-52 flex-1">
        <p className="font-medium wrap-anywhere">{name}</p>
        <p className="flex items-start gap-1.5 text-sm wrap-anywhere text-muted">
          <Icon size={15} aria-hidden className="mt-0.5 shrink-0" />
          {who(rule.match)}
        </p>
        {why !== null && (
          <p role="alert" className="text-sm text-danger">
            {why}
          </p>
        )}
      </div>
      <div className="flex items-center gap-1 max-sm:basis-full max-sm:justify-between sm:gap-3">
        <PathChip path={rule.policy}>
          {t(`callAdmin.policy.brief.${rule.policy}`)}
        </PathChip>
        <div className="-mr-3 flex text-muted sm:mr-0">
          <IconButton data-doing="up" label={t("callAdmin.policy.up", { name })} disabled={place === 1} onClick={() => onMove(-1)} className="hover:bg-panel">
            <ArrowUp size={18} />
          </IconButton>
          <IconButton data-doing="down" label={t("callAdmin.policy.down", { name })} disabled={place === of} onClick={() => onMove(1)} className="hover:bg-panel">
            <ArrowDown size={18} />
          </IconButton>
          <IconButton data-doing="edit" label={t("callAdmin.policy.edit", { name })} onClick={onEdit} className="hover:bg-panel">
            <Pencil size={17} />
          </IconButton>
          <IconButton label={t("callAdmin.policy.remove", { name })} onClick={onRemove} className="hover:bg-panel">
            <Trash2 size={17} />
          </IconButton>
        </div>
      </div>
    </li>
  );
}
