/** What officers search recordings by. */
import { ChevronDown, ChevronUp } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecordingReview } from "../../../api/recordings";
import type { Outcome } from "../../../api/types";
import { Field } from "../../../ui/Field";
import { SearchField } from "../../../ui/SearchField";
import { SelectField } from "../../../ui/SelectField";
import { useStaffOptions } from "../../users";
import { isEmpty, NO_FILTER, usesFolded, type Filter } from "./filter";

export const REVIEWS: readonly RecordingReview[] = ["new", "reviewed", "flagged"];
/** Those with which a call that was recorded can end. */
const OUTCOMES: readonly Outcome[] = ["completed", "lost", "not_recorded"];

export interface FiltersProps {
  filter: Filter;
  onChange(filter: Filter): void;
}

export function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useTranslation();
  const staff = useStaffOptions();
  const [unfolded, setUnfolded] = useState(false);
  const folded = !unfolded && !usesFolded(filter);
  const set = (change: Partial<Filter>): void => onChange({ ...filter, ...change });
  return (
    <div role="search" aria-label={t("recordings.filter.title")} className="flex flex-col gap-3">
      <SearchField label={t("recordings.filter.q")} placeholder={t("recordings.filter.q")} value={filter.q} onChange={(q) => set({ q })} />
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <SelectField
          label={t("recordings.filter.person")}
          none={t("recordings.filter.anybody")}
          options={staff}
          value={filter.userId}
          onChange={(event) => set({ userId: event.target.value })}
        />
        <SelectField
          label={t("recordings.filter.review")}
          none={t("recordings.filter.any")}
          options={REVIEWS.map((value) => ({ value, label: t(`recordings.review.${value}`) }))}
          value={filter.review}
          onChange={(event) => set({ review: event.target.value as Filter["review"] })}
        />
        <Field type="date" label={t("recordings.filter.from")} value={filter.from} max={filter.to} onChange={(event) => set({ from: event.target.value })} />
        <Field type="date" label={t("recordings.filter.to")} value={filter.to} min={filter.from} onChange={(event) => set({ to: event.target.value })} />
        {!folded && <More filter={filter} set={set} />}
      </div>
      <div className="-mt-1 flex flex-wrap gap-x-4">
        {!usesFolded(filter) && (
          <button type="button" aria-expanded={!folded} onClick={() => setUnfolded(!unfolded)} className="flex min-h-11 items-center gap-1 text-sm font-medium text-accent hover:underline">
            {t(folded ? "recordings.filter.more" : "recordings.filter.less")}
            {folded ? <ChevronDown size={16} aria-hidden /> : <ChevronUp size={16} aria-hidden />}
          </button>
        )}
        {!isEmpty(filter) && (
          <button type="button" onClick={() => onChange(NO_FILTER)} className="min-h-11 text-sm font-medium text-accent hover:underline">
            {t("recordings.filter.reset")}
          </button>
        )}
      </div>
    </div>
  );
}

function More({ filter, set }: { filter: Filter; set: (change: Partial<Filter>) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Field inputMode="decimal" label={t("recordings.filter.min")} value={filter.min} onChange={(event) => set({ min: event.target.value })} />
      <Field inputMode="decimal" label={t("recordings.filter.max")} value={filter.max} onChange={(event) => set({ max: event.target.value })} />
      <SelectField
        label={t("recordings.filter.outcome")}
        none={t("recordings.filter.any")}
        options={OUTCOMES.map((value) => ({ value, label: t(`recordings.outcome.${value}`) }))}
        value={filter.outcome}
        onChange={(event) => set({ outcome: event.target.value as Filter["outcome"] })}
      />
      <Field label={t("recordings.filter.tag")} value={filter.tag} onChange={(event) => set({ tag: event.target.value })} />
      <Field
        className="col-span-2"
        label={t("recordings.filter.conversation")}
        hint={t("recordings.filter.conversationHint")}
        autoComplete="off"
        spellCheck={false}
        value={filter.conversationId}
        onChange={(event) => set({ conversationId: event.target.value })}
      />
    </>
  );
}
