/** What an officer has made of a recording: its tag, and whether it was reviewed. */
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { changeRecording, type RecordingDetail, type RecordingReview } from "../../../api/recordings";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { Field } from "../../../ui/Field";
import { Segmented } from "../../../ui/Segmented";
import { REVIEWS } from "../list/Filters";
import { useChange } from "./useRecording";

export function ReviewCard({ recording: { id, tag, review } }: { recording: RecordingDetail }) {
  const { t } = useTranslation();
  const change = useChange(id, (body: { tag?: string | null; review?: RecordingReview }) => changeRecording(id, body));
  const saved = tag ?? "";
  const [typed, setTyped] = useState(saved);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const next = typed.trim();
    change.mutate({ tag: next === "" ? null : next });
  }

  return (
    <Card title={t("recordings.review.title")}>
      <div className="flex flex-col gap-4 [&_legend]:sr-only">
        <Segmented<RecordingReview>
          label={t("recordings.review.title")}
          value={review}
          options={REVIEWS.map((value) => ({ value, label: t(`recordings.review.${value}`) }))}
          onChange={(next) => change.mutate({ review: next })}
        />
        <form onSubmit={submit} className="flex flex-col gap-2">
          <Field label={t("recordings.tag")} hint={t("recordings.tagHint")} autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
          {typed.trim() !== saved && (
            <Button type="submit" look="primary" busy={change.isPending} className="self-start">
              {t("recordings.save")}
            </Button>
          )}
        </form>
      </div>
    </Card>
  );
}
