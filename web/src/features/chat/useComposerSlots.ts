/** What stands around the input and is not text: files and voice. */
import type { ReactNode } from "react";

export interface ComposerSlots {
  /** Left of the input: the button that attaches files. */
  attach: ReactNode;
  /** Above the input: the files that go with the next message. */
  tray: ReactNode;
  /** In place of Send while there is nothing to send. */
  microphone: ReactNode;
  /** In place of the whole input, while a voice message is recorded. */
  recording: ReactNode;
  /** Local ids of the files in the tray: they go with the next message. */
  uploads: readonly string[];
  /** The files in the tray belong to a message now: the tray forgets them. */
  onSent(): void;
  /** Pasted or dropped. */
  onFiles(files: readonly File[]): void;
}

/** Sends a message now, as a reply if the input is at one; the input keeps its text. */
export type SendNow = (text: string, uploads: readonly string[]) => void;

const NONE: ComposerSlots = {
  attach: null,
  tray: null,
  microphone: null,
  recording: null,
  uploads: [],
  onSent: () => undefined,
  onFiles: () => undefined,
};

export const useComposerSlots: (conversationId: string, send: SendNow) => ComposerSlots = () => NONE;
