/** Hands the uploads of the signed-in user, and what they listen to, to the screen. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { useApi } from "../../api/context";
import type { AttachmentKind } from "../../api/types";
import { useStore } from "../../lib/useStore";
import { SESSION_KEY } from "../users";
import { BrowserKeep, own } from "./keep";
import { lookAt } from "./looks";
import type { Upload } from "./model";
import { Playback } from "./playback";
import { terminate, transfer } from "./transfer";
import { Uploads } from "./uploads";

const UploadsContext = createContext<Uploads | null>(null);
const PlaybackContext = createContext<Playback | null>(null);

export function FilesProvider({ me, children }: { me: string; children: ReactNode }) {
  const { socket } = useApi();
  const cache = useQueryClient();
  const uploads = useMemo(
    () =>
      new Uploads(me, {
        transfer,
        terminate,
        keep: new BrowserKeep(),
        own,
        look: lookAt,
        show: (bytes) => URL.createObjectURL(bytes),
        hide: (url) => URL.revokeObjectURL(url),
        signedOut: () => void cache.invalidateQueries({ queryKey: SESSION_KEY }),
      }),
    [me, cache],
  );
  useEffect(() => {
    uploads.start();
    const unsubscribe = socket.state.subscribe(() => {
      const { status } = socket.state.get();
      if (status === "online" || status === "polling") uploads.wake();
    });
    addEventListener("online", uploads.wake);
    return () => {
      unsubscribe();
      removeEventListener("online", uploads.wake);
      uploads.stop();
    };
  }, [uploads, socket]);
  const [playback] = useState(() => new Playback());
  useEffect(() => () => playback.stop(), [playback]);
  // A voice message that is being listened to while it arrives plays on.
  useEffect(() => uploads.onArrival((id, attachmentId) => playback.rename(id, attachmentId)), [uploads, playback]);
  return (
    <UploadsContext value={uploads}>
      <PlaybackContext value={playback}>{children}</PlaybackContext>
    </UploadsContext>
  );
}

export function useUploads(): Uploads {
  const uploads = useContext(UploadsContext);
  if (uploads === null) throw new Error("useUploads outside of FilesProvider");
  return uploads;
}

export function usePlayback(): Playback {
  const playback = useContext(PlaybackContext);
  if (playback === null) throw new Error("usePlayback outside of FilesProvider");
  return playback;
}

/** What waits in the tray of a chat, in the order of picking. */
export function useTray(conversationId: string): readonly Upload[] {
  const items = useStore(useUploads().items);
  return useMemo(() => items.filter((one) => one.loose && one.conversationId === conversationId), [items, conversationId]);
}

/** Those of one message. */
export function useUploadsOf(ids: readonly string[]): readonly Upload[] {
  const items = useStore(useUploads().items);
  return useMemo(() => ids.flatMap((id) => items.find((one) => one.id === id) ?? []), [items, ids]);
}

/** As what those of one message are shown: changes seldom, unlike their progress. */
export function useUploadKinds(ids: readonly string[]): readonly AttachmentKind[] {
  const { items } = useUploads();
  const kinds = useSyncExternalStore(items.subscribe, () =>
    ids.length === 0 ? "" : ids.map((id) => items.get().find((one) => one.id === id)?.kind ?? "file").join(),
  );
  return useMemo(() => (kinds === "" ? [] : (kinds.split(",") as AttachmentKind[])), [kinds]);
}
