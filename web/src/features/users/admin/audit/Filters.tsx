/** Whose actions, and which. */
import { useTranslation } from "react-i18next";
import type { AuditFilter } from "../../../../api/routes";
import type { ListedUser } from "../../../../api/types";
import { ACTIONS } from "./words";

export interface FiltersProps {
  filter: AuditFilter;
  users: ListedUser[];
  onChange(filter: AuditFilter): void;
}

export function Filters({ filter, users, onChange }: FiltersProps) {
  const { t, i18n } = useTranslation();
  const byName = new Intl.Collator(i18n.language).compare;
  const people = users.map(({ id, name }) => ({ value: id, label: name })).sort((a, b) => byName(a.label, b.label));
  const actions = ACTIONS.map((action) => ({ value: action, label: t(`audit.kinds.${action}`) }));
  const set = (name: keyof AuditFilter, value: string): void => {
    const next = Object.entries({ ...filter, [name]: value }).filter(([, wanted]) => wanted !== "");
    onChange(Object.fromEntries(next));
  };
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Choice label={t("audit.person")} all={t("audit.anybody")} options={people} value={filter.actor_id} onChange={(id) => set("actor_id", id)} />
      <Choice label={t("audit.action")} all={t("audit.anything")} options={actions} value={filter.action} onChange={(word) => set("action", word)} />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  /** For no choice. */
  all: string;
  options: { value: string; label: string }[];
  value: string | undefined;
  onChange(value: string): void;
}

function Choice({ label, all, options, value, onChange }: ChoiceProps) {
  return (
    <label className="flex min-w-0 flex-col gap-1 text-sm font-medium">
      {label}
      <select
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-11 w-full rounded-xl border border-line-strong bg-raised px-2 text-base font-normal"
      >
        <option value="">{all}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
