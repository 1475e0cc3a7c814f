/** Recordings, as compliance officers see them, and the policy that makes them. */
import { call } from "./routes";
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type RecordingEntry = Schemas["RecordingEntry"];
export type RecordingPage = Schemas["RecordingPage"];
export type RecordingReview = Schemas["RecordingReview"];
export type RecordingDetail = Schemas["RecordingDetail"];
export type RecordedStream = Schemas["RecordingStream"];
export type RecordingGap = Schemas["RecordingGap"];
export type RecordedConsent = Schemas["RecordingConsent"];
export type RecordingHold = Schemas["RecordingHold"];
export type RecordingAccess = RecordingDetail["accesses"][number];
export type RecordingPeaks = Schemas["RecordingPeaks"];
export type RecordingFailure = Schemas["RecordingFailure"];
export type RecordingExport = Schemas["RecordingExport"];
export type RecordingReport = Schemas["RecordingReport"];
export type RecordingPolicy = Schemas["RecordingPolicy"];
export type RecordingRule = Schemas["RecordingRule"];
export type RecordingRuleMatch = Schemas["RecordingRuleMatch"];
/** What recordings are searched by, without where the list goes on. */
export type RecordingQuery = Omit<NonNullable<operations["recordings"]["parameters"]["query"]>, "before" | "limit">;

/** Each kind has fields of its own, which the schema does not name. Of a kind that this page does not know it shows nothing. */
export type RecordedEvent = Schemas["RecordedEvent"] & {
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
};

export const getRecordings = (query: RecordingQuery & { before?: string; limit?: number }): Promise<RecordingPage> =>
  call("get", "/api/recordings", { query });
export const getRecording = (id: string): Promise<RecordingDetail> => call("get", "/api/recordings/{id}", { path: { id } });
export const getRecordedEvents = (id: string): Promise<RecordedEvent[]> => call("get", "/api/recordings/{id}/events", { path: { id } });
export const getRecordingPeaks = (id: string): Promise<RecordingPeaks> => call("get", "/api/recordings/{id}/peaks", { path: { id } });
/** Played from there; the server notes it before the first byte. */
export const recordedStreamUrl = (id: string, stream: number): string => `/api/recordings/${encodeURIComponent(id)}/streams/${stream}`;
export const changeRecording = (id: string, body: { tag?: string | null; review?: RecordingReview }): Promise<RecordingEntry> =>
  call("patch", "/api/recordings/{id}", { path: { id }, body });
export const addRecordingNote = (id: string, body: Schemas["NewRecordingNote"]): Promise<Schemas["RecordingNote"]> =>
  call("post", "/api/recordings/{id}/notes", { path: { id }, body });
export const holdRecording = (id: string, body: Schemas["NewRecordingHold"]): Promise<RecordingHold> =>
  call("post", "/api/recordings/{id}/holds", { path: { id }, body });
export const releaseHold = (id: string, holdId: string): Promise<void> =>
  call("post", "/api/recordings/{id}/holds/{hold_id}/release", { path: { id, hold_id: holdId } });
export const verifyRecording = (id: string): Promise<RecordingReport> => call("post", "/api/recordings/{id}/verify", { path: { id } });
export const getRecordingFailures = (before?: number): Promise<Schemas["FailurePage"]> =>
  call("get", "/api/recordings/failures", { query: before === undefined ? {} : { before } });
export const getRecordingExports = (): Promise<RecordingExport[]> => call("get", "/api/recordings/exports");
export const askForExport = (body: Schemas["NewRecordingExport"]): Promise<RecordingExport> => call("post", "/api/recordings/exports", { body });
export const approveExport = (id: string): Promise<RecordingExport> => call("post", "/api/recordings/exports/{id}/approve", { path: { id } });
/** Where the bundle is downloaded. */
export const exportUrl = (id: string): string => `/api/recordings/exports/${encodeURIComponent(id)}/bundle`;

export const getRecordingPolicy = (): Promise<RecordingPolicy> => call("get", "/api/admin/recording-policy");
/** Its version is that of the policy that was changed. */
export const setRecordingPolicy = (body: RecordingPolicy): Promise<RecordingPolicy> => call("put", "/api/admin/recording-policy", { body });
/** Whether recordings whose time is over are being erased. */
export type ClockJump = Schemas["ClockJump"];
export type UploadsFailing = Schemas["UploadsFailing"];
export const getRetention = (): Promise<Schemas["Retention"]> => call("get", "/api/admin/retention");
/** The clock is right. */
export const confirmClock = (): Promise<void> => call("post", "/api/admin/retention/confirm");
