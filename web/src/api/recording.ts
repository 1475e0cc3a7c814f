/** What a call says of its recording, and what is said to the server about it. */

/**
 * `announced`: it will be recorded once it is answered. `consent`: somebody has yet to agree. `off`: it may be recorded, and is not.
 */
export type CallRecordingState = "announced" | "consent" | "on" | "off" | "interrupted" | "failed";
export type RecordingMode = "always" | "on_demand";

/** What one agrees to. Another text has another version. */
export interface RecordingNotice {
  version: number;
  purpose_ru: string;
  purpose_en: string;
  recorded_by: string;
  retention_days: number;
  /** Pictures are recorded as well as sound. */
  video: boolean;
}

export interface CallRecording {
  state: CallRecordingState;
  rule: string;
  mode: RecordingMode;
  notice: RecordingNotice;
  /** Whether the reader's side has agreed to this notice. */
  consented: boolean;
  /** Who has not. */
  waiting_for: string[];
  /** Whether the reader may turn it on and off. */
  can_start: boolean;
  started_at?: number | null;
}

export type RecordingFrame =
  | { type: "call_consent"; call_id: string; notice_version: number; language: string }
  | { type: "call_record"; call_id: string; on: boolean };
