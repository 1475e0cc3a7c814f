/** What stands around the input and is not text: files and voice. */
import { useMemo, type ReactNode } from "react";
import { AttachButton, MicrophoneButton, MOST_PER_MESSAGE, RecordingBar, Tray, useRecording, useTray, useUploads } from "../files";

export interface ComposerSlots {
  /** Left of the input: the button that attaches files. */
  attach: ReactNode;
  /** Above the input: the files that go with the next message. */
  tray: ReactNode;
  /** In place of Send while there is nothing to send. */
  microphone: ReactNode;
  /** In place of the whole input, while a voice message is recorded. */
  recording: ReactNode;
  /** Local ids of the files in the tray that go with the next message. */
  uploads: readonly string[];
  /** They belong to a message now: the tray forgets them. Those that were too many for one go after it. */
  onSent(): void;
}

/** Sends a message now, as a reply if the input is at one; the input keeps its text. */
export type SendNow = (text: string, uploads: readonly string[]) => void;

export function useComposerSlots(conversationId: string, send: SendNow): ComposerSlots {
  const files = useUploads();
  const tray = useTray(conversationId);
  const recording = useRecording(conversationId, (id) => send("", [id]));
  const uploads = useMemo(
    () => tray.filter(({ state }) => state !== "failed").slice(0, MOST_PER_MESSAGE).map(({ id }) => id),
    [tray],
  );
  return {
    attach: <AttachButton conversationId={conversationId} />,
    tray: <Tray conversationId={conversationId} />,
    microphone: <MicrophoneButton recording={recording} />,
    recording: recording.stage === "idle" ? null : <RecordingBar recording={recording} />,
    uploads,
    onSent: () => {
      const [, ...more] = files.take(conversationId);
      for (const portion of more) send("", portion);
    },
  };
}
