/** Says that the call is recorded, in both languages, when the recording begins and to whoever comes later. The recorder mixes the same file in. */
import { useEffect, useRef } from "react";
import type { CallRecording } from "../../../api/types";
import { useStore } from "../../../lib/useStore";
import { useCalls } from "../context";
import { useInto } from "../speaker";

const FILE = "/recorded.ogg";

export function SpokenNotice({ recording }: { recording: CallRecording | null | undefined }) {
  const { speaker } = useStore(useCalls().choices.chosen);
  const audio = useRef<HTMLAudioElement>(null);
  const runs = recording?.state === "on" || recording?.state === "interrupted";
  const since = runs ? (recording.started_at ?? 0) : null;
  useInto(audio, speaker);

  useEffect(() => {
    // Where a page may not make a sound, the red sign stands all the same.
    if (since !== null) void audio.current?.play().catch(() => undefined);
  }, [since]);

  return <audio ref={audio} src={FILE} preload={recording == null ? "none" : "auto"} data-notice="recording" />;
}
