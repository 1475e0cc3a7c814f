/** A file on its way to the server, as the screen shows it. */
import type { AttachmentKind } from "../../api/types";

/** At most this many files go with one message; the server refuses more. */
export const MOST_PER_MESSAGE = 20;
/** More than this at once is a mistake of the hand, or a folder. */
export const MOST_IN_TRAY = 100;

export interface Upload {
  /** Made here; the server's id is told when it is complete. */
  readonly id: string;
  readonly conversationId: string;
  readonly name: string;
  /** As the browser says; the server looks for itself. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly createdAt: number;
  /** How it is likely to be shown; the server decides. */
  readonly kind: AttachmentKind;
  /** Pixels as shown. */
  readonly width: number | null;
  readonly height: number | null;
  readonly durationMs: number | null;
  /** Base64 of one byte a bar, of voice messages. */
  readonly waveform: string | null;
  /** Whether it waits in the tray of its chat; else it goes with a message of the outbox. */
  readonly loose: boolean;
  /** `waiting`: for its turn, or for the network. `failed`: refused for good; the writer decides. */
  readonly state: "waiting" | "uploading" | "complete" | "failed";
  /** Bytes that the server is believed to have. */
  readonly sent: number;
  /** The last attempt broke off: the next one comes by itself. */
  readonly stalled: boolean;
  /** Why it failed. */
  readonly code?: string;
  /** An object URL of the bytes, for what can be shown in place. */
  readonly preview: string | null;
}

/** The part of it that outlives the page. */
export type Lasting = Omit<Upload, "state" | "sent" | "stalled" | "code" | "preview">;

/** What is kept, beside the bytes. */
export type Kept = Lasting & {
  readonly userId: string;
  /** Where the server takes the bytes; null before it was asked. */
  readonly url: string | null;
  readonly complete: boolean;
};

/** What was learnt of a file by looking at it. */
export interface Looks {
  kind: AttachmentKind;
  width: number | null;
  height: number | null;
  durationMs: number | null;
}

/** The server's name of a complete upload is the end of its address. */
export function attachmentIdOf(url: string): string {
  return new URL(url, location.origin).pathname.split("/").at(-1) ?? "";
}

export const attachmentUrl = (id: string): string => `/api/attachments/${encodeURIComponent(id)}`;
export const thumbnailUrl = (id: string): string => `${attachmentUrl(id)}/thumbnail`;
export const downloadUrl = (id: string): string => `${attachmentUrl(id)}?download=1`;
