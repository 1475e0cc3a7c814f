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
  const pictures = tilesOf(streams);
  const isHeard = ({ user_id }: RecordedStream): boolean => user_id != null && heard?.has(user_id) === true;
  // Sound alone is loaded only where somebody listens to it: each is an entry in the log.
  const sounds = streams.filter((stream) => !hasPicture(stream) && stream.sources.includes("microphone") && isHeard(stream));
  return (
    <>
      {pictures.length > 0 && (
        <div className={clsx("grid gap-2", pictures.length > 1 && "grid-cols-2", pictures.length > 4 && "lg:grid-cols-3")}>
          {pictures.map((pieces) => (
            <Tile key={pieces[0]?.stream} recordingId={recordingId} pieces={pieces} player={player} isHeard={isHeard} />
          ))}
        </div>
      )}
      {sounds.map((stream) => (
        <Sound key={stream.stream} url={recordedStreamUrl(recordingId, stream.stream)} stream={stream} player={player} />
      ))}
    </>
  );
}

const isScreen = ({ sources }: RecordedStream): boolean => sources.includes("screen");

/** One for each camera and each screen: a camera that was off for a while is in several files, and one place shows whichever runs. */
export function tilesOf(streams: readonly RecordedStream[]): RecordedStream[][] {
  const tiles = new Map<string, RecordedStream[]>();
  for (const stream of streams.filter(hasPicture)) {
    const key = `${stream.user_id ?? stream.stream} ${isScreen(stream)}`;
    tiles.set(key, [...(tiles.get(key) ?? []), stream]);
  }
  return [...tiles.values()];
}

interface TileProps {
  recordingId: string;
  pieces: readonly RecordedStream[];
  player: Player;
  isHeard(stream: RecordedStream): boolean;
}

function Tile({ recordingId, pieces, player, isHeard }: TileProps) {
  const { t } = useTranslation();
  const screen = pieces.some(isScreen);
  const name = useNameOf()(pieces[0]?.user_id ?? "");
  const words = t(screen ? "recordings.player.screen" : "recordings.player.camera", { name });
  const Sign = screen ? ScreenShare : Video;
  return (
    <figure className="relative m-0 aspect-video overflow-hidden rounded-2xl bg-black">
      <Sign size={28} aria-hidden className="absolute inset-0 m-auto text-white/40" />
      {pieces.map((stream) => (
        <Piece key={stream.stream} url={recordedStreamUrl(recordingId, stream.stream)} stream={stream} player={player} words={words} muted={!isHeard(stream)} />
      ))}
      <figcaption className="absolute bottom-1.5 left-1.5 max-w-[calc(100%-0.75rem)] truncate rounded-full bg-black/65 px-2.5 py-0.5 text-sm text-white">{words}</figcaption>
    </figure>
  );
}

interface PieceProps {
  url: string;
  stream: RecordedStream;
  player: Player;
}

function Piece({ url, stream, player, words, muted }: PieceProps & { words: string; muted: boolean }) {
  const ref = useTrack(player, stream);
  const there = useIsThere(player, stream);
  const wanted = useWanted(player);
  return (
    <video
      ref={ref}
      src={wanted ? url : undefined}
      muted={muted}
      playsInline
      preload="auto"
      aria-label={words}
      className={clsx("absolute inset-0 size-full object-contain transition", !there && "opacity-0")}
    />
  );
}

export function Sound({ url, stream, player }: PieceProps) {
  const ref = useTrack(player, stream);
  const wanted = useWanted(player);
  return <audio ref={ref} src={wanted ? url : undefined} preload="auto" />;
}
