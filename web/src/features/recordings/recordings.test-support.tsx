/** Recordings, and a page for them without a server. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, type RenderResult } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";
import type { RecordingDetail, RecordingEntry } from "../../api/recordings";

export const ENTRY: RecordingEntry = {
  id: "r1",
  call_id: "call",
  conversation_id: "conversation",
  kind: "video",
  caller_id: "anna",
  callee_id: "boris",
  rule: "Sales",
  mode: "always",
  state: "closed",
  started_at: Date.UTC(2026, 10, 20, 9, 30),
  duration_ms: 65_000,
  bytes: 1_200_000,
  outcome: "completed",
  tag: null,
  review: "new",
  held: false,
  retain_until: Date.UTC(2031, 10, 20),
};

export const DETAIL: RecordingDetail = {
  ...ENTRY,
  streams: [
    { stream: 1, kind: "mix", content_type: "audio/ogg", user_id: null, sources: [], starts_ms: 0, duration_ms: 65_000, bytes: 1 },
    { stream: 2, kind: "track", content_type: "video/webm", user_id: "anna", sources: ["microphone", "camera"], starts_ms: 0, duration_ms: 65_000, bytes: 1 },
    { stream: 3, kind: "track", content_type: "audio/webm", user_id: "boris", sources: ["microphone"], starts_ms: 2_000, duration_ms: 63_000, bytes: 1 },
  ],
  notice_version: 3,
  gaps: [],
  consents: [{ user_id: "anna", device_id: "device", notice_version: 3, text_hash: "ab12", language: "ru", at: ENTRY.started_at }],
  notes: [{ id: "n", author_id: "clara", text: "Listen here", at_ms: 30_000, created_at: ENTRY.started_at }],
  holds: [
    { id: "h1", reason: "Case 17", owner_id: "clara", placed_by: "clara", placed_at: ENTRY.started_at },
    { id: "h0", reason: "Old case", owner_id: "clara", placed_by: "clara", placed_at: ENTRY.started_at, released_at: ENTRY.started_at, released_by: "anna" },
  ],
  accesses: [
    { id: "a2", at: ENTRY.started_at, actor_id: "clara", action: "recording_played", recording_id: "r1", stream: 2, from: 0 },
    // Of a newer server.
    { id: "a1", at: ENTRY.started_at, actor_id: null, action: "something_new" } as never,
  ],
};

export const PEOPLE = [
  { id: "anna", login: "anna", name: "Anna Frost" },
  { id: "boris", login: "boris", name: "Boris Stone" },
  { id: "clara", login: "clara", name: "Clara Field" },
];

/** What the browser has and the test's page has not. */
export function stubPage(): void {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }));
  HTMLDialogElement.prototype.showModal = function show() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
  HTMLMediaElement.prototype.play = vi.fn(async () => undefined);
  HTMLMediaElement.prototype.pause = vi.fn();
}

export function show(children: ReactNode): RenderResult {
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(<QueryClientProvider client={cache}>{children}</QueryClientProvider>);
}
