/** Recordings, as compliance officers see them, and the policy that makes them. */
import { request } from "./http";
import type { CallKind, Outcome, Role } from "./types";

export type RecordingReview = "new" | "reviewed" | "flagged";
/** `recovered`: closed after a crash or a fault. `failed`: nothing is there. `erased`: its time is over. */
export type RecordingStanding = "starting" | "recording" | "closed" | "recovered" | "failed" | "erased";

export interface RecordingEntry {
  id: string;
  call_id: string;
  conversation_id: string;
  kind: CallKind;
  caller_id: string;
  callee_id: string;
  rule: string;
  mode: "always" | "on_demand";
  state: RecordingStanding;
  started_at: number;
  /** Unset until it is closed. */
  duration_ms?: number | null;
  bytes?: number | null;
  outcome?: Outcome | null;
  tag?: string | null;
  review: RecordingReview;
  /** A hold keeps it from being deleted. */
  held: boolean;
  retain_until: number;
}

export interface RecordingPage {
  recordings: RecordingEntry[];
  more: boolean;
}

export interface RecordingQuery {
  q?: string;
  user_id?: string;
  from?: number;
  to?: number;
  min_s?: number;
  max_s?: number;
  conversation_id?: string;
  outcome?: Outcome;
  tag?: string;
  review?: RecordingReview;
}

export interface RecordedStream {
  stream: number;
  kind: "events" | "mix" | "track";
  /** Who is heard and seen in a track. */
  user_id?: string | null;
  /** `microphone`, `camera`, `screen`: what a track has. */
  sources: string[];
  starts_ms: number;
  duration_ms: number;
  bytes: number;
}

export interface RecordingGap {
  stream: number;
  from_ms: number;
  to_ms: number;
  reason: string;
}

export interface RecordedConsent {
  user_id: string;
  device_id: string;
  notice_version: number;
  text_hash: string;
  language: string;
  at: number;
}

export interface RecordingNote {
  id: string;
  author_id: string;
  text: string;
  /** The place that it is about; unset: all of it. */
  at_ms?: number | null;
  created_at: number;
}

export interface RecordingHold {
  id: string;
  reason: string;
  owner_id: string;
  placed_by: string;
  placed_at: number;
  until?: number | null;
  released_at?: number | null;
  released_by?: string | null;
}

/** An entry of the audit log about it. */
export interface RecordingAccess {
  id: string;
  at: number;
  actor_id?: string | null;
  action: string;
}

export interface RecordingDetail extends RecordingEntry {
  streams: RecordedStream[];
  gaps: RecordingGap[];
  consents: RecordedConsent[];
  notes: RecordingNote[];
  holds: RecordingHold[];
  accesses: RecordingAccess[];
}

/** What happened, by the timeline. Of a kind that this page does not know it shows nothing. */
export interface RecordedEvent {
  at_ms: number;
  type: string;
  user_id?: string;
  /** Of `media`: what is sent from now on. */
  microphone?: boolean;
  camera?: boolean;
  screen?: boolean;
  on_hold?: boolean;
  /** Of `gap`: in which track, and what of it. */
  stream?: number;
  source?: string;
  from_ms?: number;
  to_ms?: number;
  reason?: string;
}

export interface RecordingPeaks {
  bucket_ms: number;
  /** Loudness from 0 to 255; not of every stream. */
  streams: { stream: number; levels: number[] }[];
}

export interface RecordingFailure {
  call_id: string;
  recording_id?: string | null;
  conversation_id: string;
  caller_id: string;
  callee_id: string;
  rule: string;
  fault: string;
  at: number;
}

export interface RecordingExport {
  id: string;
  recording_ids: string[];
  reason: string;
  requested_by: string;
  requested_at: number;
  needs_approval: boolean;
  approved_by?: string | null;
  approved_at?: number | null;
}

export interface RecordingReport {
  ok: boolean;
  segments: number;
  records: number;
  hash?: string | null;
  /** The first place that is not what was recorded; unset where it is not the recording that is wrong, but what is kept of it. */
  segment?: number | null;
  record?: number | null;
  why?: string | null;
}

const of = (id: string): string => `/api/recordings/${encodeURIComponent(id)}`;

export function getRecordings(query: RecordingQuery & { before?: string; limit?: number }): Promise<RecordingPage> {
  const given = Object.entries<string | number | undefined>({ ...query }).filter(([, value]) => value != null && value !== "");
  return request("get", `/api/recordings?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`);
}
export const getRecording = (id: string): Promise<RecordingDetail> => request("get", of(id));
export const getRecordedEvents = (id: string): Promise<RecordedEvent[]> => request("get", `${of(id)}/events`);
export const getRecordingPeaks = (id: string): Promise<RecordingPeaks> => request("get", `${of(id)}/peaks`);
/** Played from there; the server notes it before the first byte. */
export const recordedStreamUrl = (id: string, stream: number): string => `${of(id)}/streams/${stream}`;
export const changeRecording = (id: string, body: { tag?: string | null; review?: RecordingReview }): Promise<void> =>
  request("patch", of(id), body);
export const addRecordingNote = (id: string, body: { text: string; at_ms?: number }): Promise<void> =>
  request("post", `${of(id)}/notes`, body);
export const holdRecording = (id: string, body: { reason: string; owner_id: string; until?: number }): Promise<void> =>
  request("post", `${of(id)}/holds`, body);
export const releaseHold = (id: string, holdId: string): Promise<void> =>
  request("post", `${of(id)}/holds/${encodeURIComponent(holdId)}/release`);
export const verifyRecording = (id: string): Promise<RecordingReport> => request("post", `${of(id)}/verify`);
export const getRecordingFailures = (before?: number): Promise<{ failures: RecordingFailure[]; more: boolean }> =>
  request("get", `/api/recordings/failures${before === undefined ? "" : `?before=${before}`}`);
export const getRecordingExports = (): Promise<RecordingExport[]> => request("get", "/api/recordings/exports");
export const exportRecordings = (ids: string[], reason: string): Promise<RecordingExport> =>
  request("post", "/api/recordings/exports", { ids, reason });
export const approveExport = (id: string): Promise<RecordingExport> =>
  request("post", `/api/recordings/exports/${encodeURIComponent(id)}/approve`);
export const exportUrl = (id: string): string => `/api/recordings/exports/${encodeURIComponent(id)}/bundle`;

export type RecordingRuleMatch =
  | { type: "everybody" }
  | { type: "role"; role: Role }
  | { type: "user"; user_id: string }
  | { type: "conversation"; conversation_id: string };

export interface RecordingRule {
  name: string;
  match: RecordingRuleMatch;
  direction: "any" | "outgoing" | "incoming";
  mode: "always" | "on_demand";
  /** Who may turn it on and off, on demand. */
  by: Role[];
  /** In place of the policy's. */
  retention_days: number | null;
}

export interface RecordingPolicy {
  version: number;
  purpose: { ru: string; en: string };
  recorded_by: string;
  retention_days: number;
  /** An export needs a second officer. */
  two_officers: boolean;
  rules: RecordingRule[];
}

export const getRecordingPolicy = (): Promise<RecordingPolicy> => request("get", "/api/admin/recording-policy");
/** Its version is that of the policy that was changed. */
export const setRecordingPolicy = (body: RecordingPolicy): Promise<RecordingPolicy> => request("put", "/api/admin/recording-policy", body);

/** Whether recordings whose time is over are being erased. */
export interface Retention {
  /** Set while nothing is erased, because the clock jumped. */
  frozen?: { before: number; after: number } | null;
  /** Recordings whose time is over and that nothing holds. */
  due: number;
}
export const getRetention = (): Promise<Retention> => request("get", "/api/admin/retention");
/** The clock is right. */
export const confirmClock = (): Promise<void> => request("post", "/api/admin/retention/confirm");
