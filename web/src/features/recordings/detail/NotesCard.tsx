/** What officers have remarked on a recording, or on a place in it. */
import { useId, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { addRecordingNote, type RecordingDetail } from "../../../api/recordings";
import { duration } from "../../../lib/time";
import { useStore } from "../../../lib/useStore";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { useNameOf } from "../../users";
import type { Player } from "../player/player";
import { useWhen } from "../words";
import { useChange } from "./useRecording";

export function NotesCard({ recording: { id, notes }, player }: { recording: RecordingDetail; player: Player }) {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  const when = useWhen();
  return (
    <Card title={t("recordings.notes.title")} note={t("recordings.notes.note")}>
      {notes.length === 0 && <p className="text-muted">{t("recordings.notes.none")}</p>}
      <ul className="flex flex-col gap-3">
        {notes.map((note) => (
          <li key={note.id} className="rounded-2xl bg-panel px-4 py-3">
            <p className="whitespace-pre-line wrap-anywhere">{note.text}</p>
            <p className="mt-1 flex flex-wrap items-center gap-x-3 text-sm text-muted">
              {nameOf(note.author_id)} · {when(note.created_at)}
              {note.at_ms != null && <Place ms={note.at_ms} player={player} />}
            </p>
          </li>
        ))}
      </ul>
      <NoteForm id={id} player={player} />
    </Card>
  );
}

function Place({ ms, player }: { ms: number; player: Player }) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      aria-label={t("recordings.notes.at", { at: duration(ms) })}
      onClick={() => player.seek(ms)}
      className="min-h-11 font-medium text-accent tabular-nums hover:underline md:min-h-0"
    >
      {duration(ms)}
    </button>
  );
}

function NoteForm({ id, player }: { id: string; player: Player }) {
  const { t } = useTranslation();
  const field = useId();
  const [text, setText] = useState("");
  const [here, setHere] = useState(false);
  const { atMs } = useStore(player.view);
  const add = useChange(id, (body: { text: string; at_ms?: number }) => addRecordingNote(id, body));

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (text.trim() === "") return;
    add.mutate(
      { text: text.trim(), ...(here && { at_ms: Math.round(atMs) }) },
      {
        onSuccess: () => {
          setText("");
          setHere(false);
        },
      },
    );
  }

  return (
    <form onSubmit={submit} className="mt-4 flex flex-col gap-2">
      <label htmlFor={field} className="text-sm font-medium">
        {t("recordings.notes.write")}
      </label>
      <textarea
        id={field}
        rows={3}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="rounded-xl border border-line-strong bg-raised px-3 py-2 outline-offset-[-1px]"
      />
      <div className="flex flex-wrap items-center justify-between gap-2">
        <label className="flex min-h-11 cursor-pointer items-center gap-2 text-sm tabular-nums">
          <input type="checkbox" checked={here} onChange={(event) => setHere(event.target.checked)} className="size-4.5 accent-(--accent)" />
          {t("recordings.notes.here", { at: duration(atMs) })}
        </label>
        <Button type="submit" busy={add.isPending} disabled={text.trim() === ""}>
          {t("recordings.notes.add")}
        </Button>
      </div>
    </form>
  );
}
