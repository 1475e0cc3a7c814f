/** The pictures of a recording beside each other, and the sound that goes with them. */
import clsx from "clsx";
import { ScreenShare, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import { recordedStreamUrl, type RecordedStream } from "../../../api/recordings";
import { useNameOf } from "../../users";
import type { Player } from "../player/player";
import { useIsThere, useTrack, useWanted } from "../player/useTrack";

export const hasPicture = ({ sources }: RecordedStream): boolean => sources.includes("camera") || sources.includes("screen");

export interface TilesProps {
  recordingId: string;
  streams: readonly RecordedStream[];
  player: Player;
  /** Who is heard one by one; null: the mix is. */
  heard: ReadonlySet<string> | null;
}

export function Tiles({ recordingId, streams, player, heard }: TilesProps) {
  const pictures = streams.filter(hasPicture);
  const isHeard = ({ user_id }: RecordedStream): boolean => user_id != null && heard?.has(user_id) === true;
  // Sound alone is loaded only where somebody listens to it: each is an entry in the log.
  const sounds = streams.filter((stream) => !hasPicture(stream) && stream.sources.includes("microphone") && isHeard(stream));
  return (
    <>
      {pictures.length > 0 && (
        <div className={clsx("grid gap-2", pictures.length > 1 && "grid-cols-2", pictures.length > 4 && "lg:grid-cols-3")}>
          {pictures.map((stream) => (
            <Tile key={stream.stream} url={recordedStreamUrl(recordingId, stream.stream)} stream={stream} player={player} muted={!isHeard(stream)} />
          ))}
        </div>
      )}
      {sounds.map((stream) => (
        <Sound key={stream.stream} url={recordedStreamUrl(recordingId, stream.stream)} stream={stream} player={player} />
      ))}
    </>
  );
}

interface TileProps {
  url: string;
  stream: RecordedStream;
  player: Player;
}

function Tile({ url, stream, player, muted }: TileProps & { muted: boolean }) {
  const { t } = useTranslation();
  const ref = useTrack(player, stream);
  const there = useIsThere(player, stream);
  const wanted = useWanted(player);
  const Sign = stream.sources.includes("screen") ? ScreenShare : Video;
  const name = useNameOf()(stream.user_id ?? "");
  const words = t(stream.sources.includes("screen") ? "recordings.player.screen" : "recordings.player.camera", { name });
  return (
    <figure className="relative m-0 aspect-video overflow-hidden rounded-2xl bg-black">
      <Sign size={28} aria-hidden className="absolute inset-0 m-auto text-white/40" />
      <video
        ref={ref}
        src={wanted ? url : undefined}
        muted={muted}
        playsInline
        preload="auto"
        aria-label={words}
        className={clsx("relative size-full object-contain transition", !there && "opacity-0")}
      />
      <figcaption className="absolute bottom-1.5 left-1.5 max-w-[calc(100%-0.75rem)] truncate rounded-full bg-black/65 px-2.5 py-0.5 text-sm text-white">{words}</figcaption>
    </figure>
  );
}

export function Sound({ url, stream, player }: TileProps) {
  const ref = useTrack(player, stream);
  const wanted = useWanted(player);
  return <audio ref={ref} src={wanted ? url : undefined} preload="auto" />;
}
