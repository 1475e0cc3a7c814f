/** The rules in the order in which they are judged. */
import { AudioLines, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { EmptyState } from "../../../ui/states";
import { useFocusAfter } from "../../../ui/useFocusAfter";
import { MOST_RULES, type DraftRule, type Edit } from "./draft";
import { RuleButtons, RuleRow } from "./RuleRow";

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
    setSaid(t("recordingAdmin.movedTo", { name: rule.name, place: at + 1 + by, count: rules.length }));
    onChange({ type: "move", key, by });
  }

  function remove(at: number, { key, rule }: DraftRule): void {
    focusNext((rules[at + 1] ?? rules[at - 1])?.key, "edit");
    setSaid(t("recordingAdmin.removed", { name: rule.name }));
    onChange({ type: "remove", key });
  }

  return (
    <Card
      title={t("recordingAdmin.rules")}
      {...(rules.length > 0 && { note: t("recordingAdmin.count", { count: rules.length }) })}
      action={
        <Button icon={<Plus size={18} />} disabled={full} onClick={onAdd}>
          {t("recordingAdmin.add")}
        </Button>
      }
    >
      <p className="-mt-2 text-sm text-muted">{full ? t("recordingAdmin.full", { count: MOST_RULES }) : t("recordingAdmin.rulesNote")}</p>
      {rules.length === 0 && <EmptyState icon={<AudioLines />}>{t("recordingAdmin.none")}</EmptyState>}
      <ol ref={list} tabIndex={-1} aria-label={t("recordingAdmin.rules")} className="divide-y divide-line outline-none">
        {rules.map((one, at) => (
          <RuleRow key={one.key} ruleKey={one.key} rule={one.rule} place={at + 1} why={refused?.at === at ? refused.why : null}>
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
