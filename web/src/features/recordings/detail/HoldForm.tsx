/** Places a hold: why, who answers for it, until when. */
import type { UseMutationResult } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../../ui/Button";
import { Field } from "../../../ui/Field";
import { SelectField } from "../../../ui/SelectField";
import { Sheet } from "../../../ui/Sheet";
import { useMe, useStaffOptions } from "../../users";

/** The last moment of a day, by the reader's clock. */
export function endOfDay(day: string): number | null {
  const start = new Date(`${day}T00:00`);
  return day === "" || Number.isNaN(start.getTime()) ? null : new Date(start.getFullYear(), start.getMonth(), start.getDate() + 1).getTime() - 1;
}

export interface PlacedHold {
  reason: string;
  owner_id: string;
  until?: number;
}

export interface HoldFormProps {
  title: string;
  place: UseMutationResult<unknown, Error, PlacedHold>;
  /** What is held, where that is to be chosen. */
  children?: ReactNode;
  /** What is to be held is not chosen yet. */
  unfinished?: boolean;
  /** Somebody has tried to place it. */
  onTry?(): void;
  onClose(): void;
}

export function HoldForm({ title, place, children, unfinished, onTry, onClose }: HoldFormProps) {
  const { t } = useTranslation();
  const me = useMe();
  const staff = useStaffOptions();
  const [reason, setReason] = useState("");
  const [owner, setOwner] = useState(me.id);
  const [until, setUntil] = useState("");
  const [tried, setTried] = useState(false);
  const missing = { reason: reason.trim() === "", owner: owner === "" };

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    onTry?.();
    if (missing.reason || missing.owner || unfinished === true) return;
    const last = endOfDay(until);
    place.mutate({ reason: reason.trim(), owner_id: owner, ...(last !== null && { until: last }) }, { onSuccess: onClose });
  }

  return (
    <Sheet short title={title} onClose={onClose}>
      <form noValidate onSubmit={submit} className="flex flex-col gap-4 overflow-y-auto p-4 pt-1">
        {children}
        <Field
          label={t("recordings.holds.reason")}
          hint={t("recordings.holds.reasonHint")}
          error={tried && missing.reason ? t("recordings.holds.noReason") : null}
          autoFocus
          autoComplete="off"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <SelectField
          label={t("recordings.holds.owner")}
          none={t("recordings.holds.chooseOwner")}
          error={tried && missing.owner ? t("recordings.holds.chooseOwner") : null}
          options={staff}
          value={owner}
          onChange={(event) => setOwner(event.target.value)}
        />
        <Field type="date" label={t("recordings.holds.until")} hint={t("recordings.holds.untilHint")} value={until} onChange={(event) => setUntil(event.target.value)} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button look="primary" type="submit" busy={place.isPending}>
            {t("recordings.holds.place")}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
