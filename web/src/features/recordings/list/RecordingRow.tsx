/** One recording in the list: who, when, how long, what was made of it. */
import { Check, CircleAlert, Flag, Lock, Phone, Tag, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RecordingEntry } from "../../../api/recordings";
import { navigate, pathOf } from "../../../lib/router";
import { duration } from "../../../lib/time";
import { Chip } from "../Chip";
import { useBoth, useWhen } from "../words";

export interface RecordingRowProps {
  recording: RecordingEntry;
  chosen: boolean;
  onChoose(chosen: boolean): void;
}

export function RecordingRow({ recording, chosen, onChoose }: RecordingRowProps) {
  const { t } = useTranslation();
  const who = useBoth()(recording);
  const when = useWhen()(recording.started_at);
  const Kind = recording.kind === "video" ? Video : Phone;
  const length = recording.duration_ms == null ? "–" : duration(recording.duration_ms);
  const route = { name: "recordings", id: recording.id } as const;
  return (
    <li className="flex items-start gap-1 py-1 has-[a:hover]:bg-panel md:items-center">
      <label className="grid size-11 shrink-0 cursor-pointer place-items-center">
        <input
          type="checkbox"
          aria-label={t("recordings.choose", { who, when })}
          checked={chosen}
          onChange={(event) => onChoose(event.target.checked)}
          className="size-4.5 accent-(--accent)"
        />
      </label>
      <a
        href={pathOf(route)}
        aria-label={t("recordings.open", { who, when })}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          navigate(route);
        }}
        className="flex min-w-0 flex-1 flex-col gap-x-3 gap-y-1.5 rounded-xl py-2 pr-2 outline-offset-[-2px] md:flex-row md:items-center"
      >
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{who}</span>
          <span className="flex items-center gap-1.5 text-sm text-muted tabular-nums">
            <Kind size={14} role="img" aria-label={t(recording.kind === "video" ? "call.video" : "call.audio")} className="shrink-0" />
            <span className="truncate">{when}</span>
            <span className="shrink-0 text-text md:hidden">· {length}</span>
          </span>
        </span>
        <span className="flex flex-wrap items-center gap-1.5 empty:hidden">
          <Marks recording={recording} />
        </span>
        <span className="shrink-0 text-sm tabular-nums max-md:hidden md:w-16 md:text-right">{length}</span>
      </a>
    </li>
  );
}

/** What sets it apart from others; most have nothing. */
export function Marks({ recording: { tag, held, review, state, outcome } }: { recording: RecordingEntry }) {
  const { t } = useTranslation();
  return (
    <>
      {state !== "closed" && <Chip icon={CircleAlert} look="warn">{t(`recordings.standing.${state}`)}</Chip>}
      {outcome != null && outcome !== "completed" && <Chip>{t(`recordings.outcome.${outcome}`)}</Chip>}
      {tag != null && tag !== "" && <Chip icon={Tag}>{tag}</Chip>}
      {held && <Chip icon={Lock} look="accent">{t("recordings.held")}</Chip>}
      {review === "reviewed" && <Chip icon={Check} look="good">{t("recordings.review.reviewed")}</Chip>}
      {review === "flagged" && <Chip icon={Flag} look="warn">{t("recordings.review.flagged")}</Chip>}
    </>
  );
}
