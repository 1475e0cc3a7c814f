/** The rules of a policy in the order in which they are judged. */
import { Plus } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { MOST_RULES, type DraftRule, type RuleEdit } from "../../lib/rules";
import { Button } from "../Button";
import { Card } from "../Card";
import { EmptyState } from "../states";
import { useFocusAfter } from "../useFocusAfter";
import { RuleButtons, RuleRow } from "./RuleRow";

export interface RuleListProps<R> {
  rules: readonly DraftRule<R>[];
  /** How they are judged. */
  note: string;
  /** Where there are none. */
  none: { icon: ReactNode; words: string };
  /** What the server said of the rule at that place. */
  refused: { at: number; why: string } | null;
  /** For whom and how, under its name. */
  details(rule: R): ReactNode;
  chip(rule: R): ReactNode;
  onEdit(key: number): void;
  onAdd(): void;
  onChange(edit: RuleEdit<R>): void;
}

export function RuleList<R extends { name: string }>({ rules, note, none, refused, details, chip, onEdit, onAdd, onChange }: RuleListProps<R>) {
  const { t } = useTranslation();
  const [said, setSaid] = useState("");
  const { list, focusNext } = useFocusAfter();
  const full = rules.length >= MOST_RULES;

  function move(at: number, { key, rule }: DraftRule<R>, by: -1 | 1): void {
    focusNext(key, by < 0 ? "up" : "down");
    setSaid(t("rules.movedTo", { name: rule.name, place: at + 1 + by, count: rules.length }));
    onChange({ type: "move", key, by });
  }

  function remove(at: number, { key, rule }: DraftRule<R>): void {
    focusNext((rules[at + 1] ?? rules[at - 1])?.key, "edit");
    setSaid(t("rules.removed", { name: rule.name }));
    onChange({ type: "remove", key });
  }

  return (
    <Card
      title={t("rules.title")}
      {...(rules.length > 0 && { note: t("rules.count", { count: rules.length }) })}
      action={
        <Button icon={<Plus size={18} />} disabled={full} onClick={onAdd}>
          {t("rules.add")}
        </Button>
      }
    >
      <p className="-mt-2 text-sm text-muted">{full ? t("rules.full", { count: MOST_RULES }) : note}</p>
      {rules.length === 0 && <EmptyState icon={none.icon}>{none.words}</EmptyState>}
      <ol ref={list} tabIndex={-1} aria-label={t("rules.title")} className="divide-y divide-line outline-none">
        {rules.map((one, at) => (
          <RuleRow
            key={one.key}
            ruleKey={one.key}
            name={one.rule.name}
            place={at + 1}
            details={details(one.rule)}
            chip={chip(one.rule)}
            why={refused?.at === at ? refused.why : null}
          >
            <RuleButtons
              name={one.rule.name}
              first={at === 0}
              last={at === rules.length - 1}
              onEdit={() => onEdit(one.key)}
              onMove={(by) => move(at, one, by)}
              onRemove={() => remove(at, one)}
            />
          </RuleRow>
        ))}
      </ol>
      <p role="status" className="sr-only">
        {said}
      </p>
    </Card>
  );
}
