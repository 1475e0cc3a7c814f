/** Lets an element follow the player while it is on the page. */
import { useCallback, useSyncExternalStore } from "react";
import type { RecordedStream } from "../../../api/recordings";
import type { Player } from "./player";

/** A ref for the `<audio>` or `<video>` of the stream. */
export function useTrack(player: Player, { stream, starts_ms, duration_ms }: RecordedStream): (element: HTMLMediaElement | null) => (() => void) | undefined {
  return useCallback(
    (element) => (element === null ? undefined : player.attach({ id: String(stream), startsMs: starts_ms, durationMs: duration_ms }, element)),
    [player, stream, starts_ms, duration_ms],
  );
}

/** Whether anything is to be loaded: whoever only looks at what is known of a recording does not listen, and is not logged as a listener. */
export function useWanted(player: Player): boolean {
  return useSyncExternalStore(player.view.subscribe, () => player.view.get().wanted);
}

/** Whether the track has something where the player is. */
export function useIsThere(player: Player, { starts_ms, duration_ms }: RecordedStream): boolean {
  return useSyncExternalStore(player.view.subscribe, () => {
    const { atMs } = player.view.get();
    return atMs >= starts_ms && atMs < starts_ms + duration_ms;
  });
}
