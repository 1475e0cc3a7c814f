/** The player: pictures, course of the call, and what happened in it, all on one timeline. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { getRecordedEvents, getRecordingPeaks, recordedStreamUrl, type RecordingDetail } from "../../../api/recordings";
import { Card } from "../../../ui/Card";
import { Segmented } from "../../../ui/Segmented";
import { lanesOf, mixBars, momentsOf, usersOf } from "../player/lanes";
import type { Player } from "../player/player";
import { Moments } from "./Moments";
import { Sound, Tiles } from "./Tiles";
import { Timeline } from "./Timeline";
import { Transport } from "./Transport";
import { usePlayerKeys } from "./usePlayerKeys";

export function PlayerCard({ recording, player }: { recording: RecordingDetail; player: Player }) {
  const { t } = useTranslation();
  const { state } = recording;
  const why = state === "recording" || state === "starting" ? "inProgress" : state === "failed" || state === "erased" ? "nothing" : null;
  if (why === null) return <Playing recording={recording} player={player} />;
  return (
    <Card title={t("recordings.player.title")}>
      <p className="text-muted">{t(`recordings.player.${why}`)}</p>
    </Card>
  );
}

function Playing({ recording, player }: { recording: RecordingDetail; player: Player }) {
  const { t } = useTranslation();
  const { id } = recording;
  const { durationMs } = player;
  const events = useQuery({ queryKey: ["recorded-events", id], queryFn: () => getRecordedEvents(id), staleTime: Infinity });
  const peaks = useQuery({ queryKey: ["recording-peaks", id], queryFn: () => getRecordingPeaks(id), staleTime: Infinity });
  const mix = recording.streams.find(({ kind }) => kind === "mix");
  const [how, setHow] = useState<"mix" | "tracks">(mix === undefined ? "tracks" : "mix");
  const [heard, setHeard] = useState<ReadonlySet<string>>(() => new Set(usersOf(recording)));
  const lanes = useMemo(() => lanesOf(recording, events.data ?? [], peaks.data ?? null), [recording, events.data, peaks.data]);
  const bars = useMemo(() => mixBars(peaks.data ?? null, durationMs, mix?.stream ?? null), [peaks.data, durationMs, mix]);
  const moments = useMemo(() => momentsOf(recording, events.data ?? []), [recording, events.data]);
  const oneByOne = how === "tracks" ? heard : null;
  usePlayerKeys(player);

  return (
    <Card title={t("recordings.player.title")}>
      <div className="flex flex-col gap-4">
        <Tiles recordingId={id} streams={recording.streams} player={player} heard={oneByOne} />
        {how === "mix" && mix !== undefined && <Sound url={recordedStreamUrl(id, mix.stream)} stream={mix} player={player} />}
        <div className="flex flex-wrap items-center justify-between gap-3">
          <Transport player={player} />
          {mix === undefined ? (
            <p className="text-sm text-muted">{t("recordings.player.noMix")}</p>
          ) : (
            <div className="w-full max-w-72 [&_legend]:sr-only">
              <Segmented<"mix" | "tracks">
                label={t("recordings.player.sound")}
                value={how}
                options={[
                  { value: "mix", label: t("recordings.player.mix") },
                  { value: "tracks", label: t("recordings.player.tracks") },
                ]}
                onChange={setHow}
              />
            </div>
          )}
        </div>
        {peaks.isError && <p className="text-sm text-muted">{t("recordings.player.noPeaks")}</p>}
        <Timeline
          player={player}
          bars={bars}
          lanes={lanes}
          heard={oneByOne}
          onHear={(userId, on) => setHeard((before) => new Set(on ? [...before, userId] : [...before].filter((other) => other !== userId)))}
        />
        <Moments moments={moments} onSeek={(ms) => player.seek(ms)} />
      </div>
    </Card>
  );
}
