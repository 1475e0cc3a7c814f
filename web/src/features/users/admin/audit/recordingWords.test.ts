/** What the audit log says of recordings, in both languages. */
import { renderHook } from "@testing-library/react";
import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { startWords } from "../../../../i18n";
import { startAdminWords } from "../../../../i18n/adminWords";
import { useRecordingWords, type RecordingEntry } from "./recordingWords";

type Said<T> = T extends unknown ? Omit<T, "id" | "at" | "actor_id"> : never;

const POLICY = { version: 4, purpose: { ru: "", en: "" }, recorded_by: "", retention_days: 1, two_officers: false, rules: [] };
const RULE = { name: "Sales", match: { type: "everybody" }, direction: "any", mode: "always", by: [], retention_days: null } as const;
const KEPT = { version: 1, retention_days: null, rules: [] };
const recording_id = "r1";
const ENTRIES: [Said<RecordingEntry>, string][] = [
  [{ action: "recording_policy_changed", before: POLICY, after: { ...POLICY, rules: [{ ...RULE, by: [] }] } }, "Sales"],
  [{ action: "recording_policy_changed", before: POLICY, after: POLICY }, "nothing is recorded"],
  [{ action: "recording_failed", call_id: "c", caller_id: "anna", callee_id: "boris", rule: "Sales", fault: "disk_full" }, "disk is full"],
  [{ action: "recording_access_refused", method: "GET", path: "/api/recordings" }, "GET /api/recordings"],
  [{ action: "recordings_listed", query: "" }, "list of recordings"],
  [{ action: "recordings_listed", query: "q=deal" }, "q=deal"],
  [{ action: "recording_opened", recording_id, what: "detail" }, "r1"],
  [{ action: "recording_played", recording_id, stream: 2, from: 0 }, "track 2"],
  [{ action: "recording_marked", recording_id, review: "flagged", tag: null }, "Has questions"],
  [{ action: "recording_marked", recording_id, review: "new", tag: "D-17" }, "D-17"],
  [{ action: "recording_noted", recording_id, note_id: "n" }, "r1"],
  [{ action: "recording_held", recording_id, hold_id: "h", owner_id: "anna", reason: "Case", until: null }, "Anna"],
  [{ action: "recording_hold_released", recording_id, hold_id: "h" }, "r1"],
  [{ action: "recording_verified", recording_id, fine: true }, "intact"],
  [{ action: "recording_verified", recording_id, fine: false }, "damaged"],
  [{ action: "recording_export_requested", export_id: "e", recording_ids: ["r1", "r2"], reason: "Case" }, "2 recordings: Case"],
  [{ action: "recording_export_approved", export_id: "e9" }, "e9"],
  [{ action: "recording_export_taken", export_id: "e9", recording_ids: [] }, "e9"],
  [{ action: "recording_erased", recording_id }, "r1"],
  [{ action: "recording_export_requested", export_id: "e", recording_ids: [], conversation_ids: ["c1"], reason: "Case" }, "1 conversation: Case"],
  [{ action: "chat_retention_changed", before: KEPT, after: KEPT }, "for ever"],
  [{ action: "chat_retention_changed", before: KEPT, after: { ...KEPT, retention_days: 184, rules: [{ name: "Deal", match: { type: "everybody" }, retention_days: null }] } }, "Deal"],
  [{ action: "messages_erased", conversation_id: "c1", up_to: 7, messages: 3, files: 1 }, "3 messages"],
  [{ action: "conversations_searched", query: "" }, "list of conversations"],
  [{ action: "conversations_searched", query: "q=deal" }, "q=deal"],
  [{ action: "conversation_opened", conversation_id: "c1", what: "messages" }, "c1"],
  [{ action: "conversation_file_taken", conversation_id: "c1", attachment_id: "f" }, "c1"],
  [{ action: "conversation_held", conversation_id: "c1", user_id: null, hold_id: "h", owner_id: "anna", reason: "Case", until: null }, "Anna"],
  [{ action: "conversation_held", conversation_id: null, user_id: "anna", hold_id: "h", owner_id: "boris", reason: "Case", until: null }, "all conversations of Anna"],
  [{ action: "conversation_hold_released", conversation_id: "c1", user_id: null, hold_id: "h" }, "c1"],
  [{ action: "conversation_hold_released", conversation_id: null, user_id: "anna", hold_id: "h" }, "Anna"],
  [{ action: "retention_frozen", before: 0, after: 86_400_000_000 }, "1972"],
  [{ action: "retention_confirmed" }, "clock"],
];

beforeAll(async () => {
  await startWords();
  startAdminWords();
});

test.each(ENTRIES)("%o", async (said, word) => {
  const entry = { id: "a", at: 0, actor_id: "clara", ...said } as RecordingEntry;
  for (const language of ["ru", "en"]) {
    await i18next.changeLanguage(language);
    const { result } = renderHook(() => useRecordingWords((id) => (id === "anna" ? "Anna" : id)));
    const sentences = result.current(entry);
    expect(sentences.length).toBeGreaterThan(0);
    for (const sentence of sentences) expect(sentence).not.toMatch(/\{\{|audit\.|recordings\./u);
    if (language === "en") expect(sentences.join(" ")).toContain(word);
  }
});
