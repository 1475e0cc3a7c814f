/** The recording of one open chat. Whoever leaves the chat in the middle finds what was said among the files of its tray. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useStore } from "../../lib/useStore";
import { useInCall } from "../calls";
import { usePlayback, useUploads } from "./context";
import { Recorder, type Recorded } from "./recorder";

export interface Recording extends Recorded {
  /** A call has the microphone. */
  inCall: boolean;
  start(): void;
  /** Stops, uploads and sends. */
  finish(): void;
  cancel(): void;
  forgetError(): void;
}

/** `onRecorded` gets the local id of the upload. */
export function useRecording(conversationId: string, onRecorded: (id: string) => void): Recording {
  const { t } = useTranslation();
  const uploads = useUploads();
  const playback = usePlayback();
  const [recorder] = useState(() => new Recorder());
  const state = useStore(recorder.state);
  const inCall = useInCall();
  const recording = state.stage === "recording" || state.stage === "full";

  useEffect(
    () => () => {
      const { stage } = recorder.state.get();
      if (stage !== "recording" && stage !== "full") return recorder.cancel();
      void recorder.finish().then((voice) => {
        if (voice === null) return;
        uploads.addVoice(conversationId, voice, true);
        toast(t("voice.kept"));
      });
    },
    // Only the end of the chat ends it: the words may change in between.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [recorder, uploads, conversationId],
  );
  useEffect(() => {
    if (!recording) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [recording]);

  return {
    ...state,
    inCall,
    start: () => {
      playback.silence();
      void recorder.start();
    },
    finish: () =>
      void recorder.finish().then((voice) => {
        if (voice !== null) onRecorded(uploads.addVoice(conversationId, voice, false));
      }),
    cancel: () => recorder.cancel(),
    forgetError: () => recorder.forgetError(),
  };
}
