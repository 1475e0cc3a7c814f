/** The rules in the order in which they are judged. */
import { Plus, Route } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../../../ui/Button";
import { Card } from "../../../../ui/Card";
import { EmptyState } from "../../../../ui/states";
import { useFocusAfter } from "../../../../ui/useFocusAfter";
import { MOST_RULES, type DraftRule, type Edit } from "./draft";
import { RuleRow } from "./RuleRow";

export interface RuleListProps {
  rules: readonly DraftRule[];
  /** What the server said of the rule at that place. */
  refused: { at: number; why: string } | null;
  onEdit(key: number): void;
  onAdd(): void;
  onChange(edit: Edit): void;
}

export function RuleList({ rules, refused, onEdit, onAdd, onChange }: RuleListProps) {
  const { t } = useTranslation();
  const [said, setSaid] = useState("");
  const { list, focusNext } = useFocusAfter();
  const full = rules.length >= MOST_RULES;

  function move(at: number, { key, rule }: DraftRule, by: -1 | 1): void {
    focusNext(key, by < 0 ? "up" : "down");
    setSaid(t("callAdmin.policy.movedTo", { name: rule.name, place: at + 1 + by, count: rules.length }));
    onChange({ type: "move", key, by });
  }

  function remove(at: number, { key, rule }: DraftRule): void {
    focusNext((rules[at + 1] ?? rules[at - 1])?.key, "edit");
    setSaid(t("callAdmin.policy.removed", { name: rule.name }));
    onChange({ type: "remove", key });
  }

  return (
    <Card
      title={t("callAdmin.policy.rules")}
      {...(rules.length > 0 && { note: t("callAdmin.policy.count", { count: rules.length }) })}
      action={
        <Button icon={<Plus size={18} />} disabled={full} onClick={onAdd}>
          {t("callAdmin.policy.add")}
        </Button>
      }
    >
      <p className="-mt-2 text-sm text-muted">{full ? t("callAdmin.policy.full", { count: MOST_RULES }) : t("callAdmin.policy.rulesNote")}</p>
      {rules.length === 0 && <EmptyState icon={<Route />}>{t("callAdmin.policy.none")}</EmptyState>}
      <ol ref={list} tabIndex={-1} aria-label={t("callAdmin.policy.rules")} className="divide-y divide-line outline-none">
        {rules.map((one, at) => (
          <RuleRow
            key={one.key}
            ruleKey={one.key}
            rule={one.rule}
            place={at + 1}
            of={rules.length}
            why={refused?.at === at ? refused.why : null}
            onEdit={() => onEdit(one.key)}
            onMove={(by) => move(at, one, by)}
            onRemove={() => remove(at, one)}
          />
        ))}
      </ol>
      <p role="status" className="sr-only">
        {said}
      </p>
    </Card>
  );
}
