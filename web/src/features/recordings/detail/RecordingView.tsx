/** One recording: heard, judged, kept, proven. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import type { RecordingDetail } from "../../../api/recordings";
import { ErrorState, Skeleton } from "../../../ui/states";
import { Marks } from "../list/RecordingRow";
import { lengthOfRecording } from "../player/lanes";
import { Player } from "../player/player";
import { useBoth, useWhen } from "../words";
import { FactsCard } from "./FactsCard";
import { HoldsCard } from "./HoldsCard";
import { NotesCard } from "./NotesCard";
import { PlayerCard } from "./PlayerCard";
import { ReviewCard } from "./ReviewCard";
import { AccessCard, ConsentsCard } from "./Traces";
import { useRecording } from "./useRecording";
import { VerifyCard } from "./VerifyCard";

export interface RecordingViewProps {
  id: string;
  onConversation(id: string): void;
}

export function RecordingView({ id, onConversation }: RecordingViewProps) {
  const { t } = useTranslation();
  const recording = useRecording(id);
  if (recording.isPending) {
    return (
      <div role="status" aria-label={t("app.loading")} className="grid gap-4 lg:grid-cols-[1fr_20rem]">
        <Skeleton className="h-96 rounded-3xl!" />
        <Skeleton className="h-96 rounded-3xl!" />
      </div>
    );
  }
  if (recording.isError) {
    return (
      <ErrorState
        title={t("app.failed")}
        detail={t("app.failedDetail", { code: codeOf(recording.error) })}
        retry={t("app.retry")}
        onRetry={() => void recording.refetch()}
      />
    );
  }
  // Another length is another player.
  return <Opened key={`${id} ${lengthOfRecording(recording.data)}`} recording={recording.data} onConversation={onConversation} />;
}

function Opened({ recording, onConversation }: { recording: RecordingDetail; onConversation: (id: string) => void }) {
  const both = useBoth();
  const when = useWhen();
  const player = usePlayer(lengthOfRecording(recording));
  return (
    <>
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-1">
        <h2 className="text-lg font-semibold wrap-anywhere">{both(recording)}</h2>
        <span className="text-muted">{when(recording.started_at)}</span>
        <span className="flex flex-wrap gap-1.5">
          <Marks recording={recording} />
        </span>
      </header>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <PlayerCard recording={recording} player={player} />
          <NotesCard recording={recording} player={player} />
          <AccessCard accesses={recording.accesses} />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <ReviewCard recording={recording} />
          <FactsCard recording={recording} onConversation={onConversation} />
          <VerifyCard id={recording.id} />
          <HoldsCard recording={recording} />
          <ConsentsCard consents={recording.consents} />
        </div>
      </div>
    </>
  );
}

function usePlayer(durationMs: number): Player {
  const [player] = useState(() => new Player(durationMs));
  useEffect(() => () => player.pause(), [player]);
  return player;
}
