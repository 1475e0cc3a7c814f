/** What keeps a recording from being deleted: by whom, why, how long. */
import { Lock } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { holdRecording, releaseHold, type RecordingDetail, type RecordingHold } from "../../../api/recordings";
import { fullDay } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { Confirm } from "../../../ui/Confirm";
import { useNameOf } from "../../users";
import { HoldForm, type PlacedHold } from "./HoldForm";
import { useChange } from "./useRecording";

export function HoldsCard({ recording: { id, holds } }: { recording: RecordingDetail }) {
  const { t } = useTranslation();
  const [placing, setPlacing] = useState(false);
  const [asked, setAsked] = useState<RecordingHold | null>(null);
  const place = useChange(id, (body: PlacedHold) => holdRecording(id, body), t("recordings.holds.placed"));
  const release = useChange(id, (holdId: string) => releaseHold(id, holdId), t("recordings.holds.releasedDone"));
  // Those that last stand first.
  const ordered = [...holds].sort((a, b) => Number(a.released_at != null) - Number(b.released_at != null));
  return (
    <Card title={t("recordings.holds.title")} action={<Button icon={<Lock size={17} aria-hidden />} onClick={() => setPlacing(true)}>{t("recordings.holds.place")}</Button>}>
      <p className="-mt-2 mb-2 text-sm text-muted">{t(holds.length === 0 ? "recordings.holds.none" : "recordings.holds.note")}</p>
      <ul className="divide-y divide-line">
        {ordered.map((hold) => (
          <HoldRow key={hold.id} hold={hold} onRelease={() => setAsked(hold)} />
        ))}
      </ul>
      {placing && <HoldForm title={t("recordings.holds.placeTitle")} place={place} onClose={() => setPlacing(false)} />}
      {asked !== null && (
        <Confirm
          title={t("recordings.holds.releaseAsk")}
          detail={t("recordings.holds.releaseDetail")}
          action={t("recordings.holds.release")}
          busy={release.isPending}
          onConfirm={() => release.mutate(asked.id, { onSettled: () => setAsked(null) })}
          onClose={() => setAsked(null)}
        />
      )}
    </Card>
  );
}

export interface HoldRowProps {
  hold: Omit<RecordingHold, "id">;
  /** What it is on, where that does not go without saying. */
  about?: ReactNode;
  onRelease(): void;
}

export function HoldRow({ hold, about, onRelease }: HoldRowProps) {
  const { t, i18n } = useTranslation();
  const nameOf = useNameOf();
  const day = (at: number): string => fullDay(i18n.language, at);
  const { reason, until, released_at, released_by, placed_at } = hold;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2.5">
      <div className="min-w-44 flex-1 wrap-anywhere">
        <p className="font-medium">{reason}</p>
        {about}
        <p className="text-sm text-muted">{t("recordings.holds.ownerIs", { name: nameOf(hold.owner_id), by: nameOf(hold.placed_by) })}</p>
        <p className="text-sm text-muted">
          {until == null ? t("recordings.holds.since", { when: day(placed_at) }) : t("recordings.holds.sinceUntil", { when: day(placed_at), until: day(until) })}
        </p>
        {released_at != null && <p className="text-sm text-muted">{t("recordings.holds.released", { when: day(released_at), by: nameOf(released_by ?? "") })}</p>}
      </div>
      {released_at == null && (
        <Button look="danger" aria-label={t("recordings.holds.releaseFor", { reason })} onClick={onRelease}>
          {t("recordings.holds.release")}
        </Button>
      )}
    </li>
  );
}
