/** Lines of the audit log about what is kept, recordings and conversations, in plain words. */
import { useTranslation } from "react-i18next";
import type { AuditEntry } from "../../../../api/types";
import { fullDate } from "../../../../lib/time";

type RecordingAction =
  | `recording_${string}`
  | "recordings_listed"
  | "conversations_searched"
  | "conversation_opened"
  | "conversation_file_taken"
  | "conversation_held"
  | "conversation_hold_released"
  | "chat_retention_changed"
  | "messages_erased"
  | "retention_frozen"
  | "retention_confirmed";
export type RecordingEntry = Extract<AuditEntry, { action: RecordingAction }>;

export function useRecordingWords(nameOf: (id: string) => string): (entry: RecordingEntry) => string[] {
  const { t, i18n } = useTranslation();
  const requested = ({ recording_ids, conversation_ids = [], reason }: Extract<RecordingEntry, { action: "recording_export_requested" }>): string[] => [
    ...(recording_ids.length > 0 ? [t("audit.said.recording_export_requested", { count: recording_ids.length, reason })] : []),
    ...(conversation_ids.length > 0 ? [t("audit.said.conversations_exported", { count: conversation_ids.length, reason })] : []),
  ];
  return (entry) => {
    switch (entry.action) {
      case "recording_policy_changed": {
        const { version, rules } = entry.after;
        const names = rules.map(({ name }) => `«${name}»`).join(", ");
        return [
          t("audit.said.recording_policy_changed", { version }),
          rules.length === 0 ? t("audit.said.recording_no_rules") : t("audit.said.recording_rules", { names }),
        ];
      }
      case "recording_failed": {
        const both = { caller: nameOf(entry.caller_id), callee: nameOf(entry.callee_id) };
        return [t("audit.said.recording_failed", { ...both, rule: entry.rule, why: t(`recordings.failures.why.${entry.fault}`) })];
      }
      case "recording_access_refused":
        return [t("audit.said.recording_access_refused", { what: `${entry.method} ${entry.path}` })];
      case "recordings_listed":
        return [entry.query === "" ? t("audit.said.recordings_listed") : t("audit.said.recordings_searched", { query: entry.query })];
      case "recording_played":
        return [t("audit.said.recording_played", { id: entry.recording_id, stream: entry.stream })];
      case "recording_marked": {
        const marks = { id: entry.recording_id, review: t(`recordings.review.${entry.review}`) };
        return [entry.tag == null ? t("audit.said.recording_marked", marks) : t("audit.said.recording_tagged", { ...marks, tag: entry.tag })];
      }
      case "recording_held":
        return [t("audit.said.recording_held", { id: entry.recording_id, reason: entry.reason, name: nameOf(entry.owner_id) })];
      case "recording_verified":
        return [t(entry.fine ? "audit.said.recording_verified" : "audit.said.recording_broken", { id: entry.recording_id })];
      case "recording_opened":
      case "recording_noted":
      case "recording_hold_released":
      case "recording_erased":
        return [t(`audit.said.${entry.action}`, { id: entry.recording_id })];
      case "recording_export_requested":
        return requested(entry);
      case "recording_export_approved":
      case "recording_export_taken":
        return [t(`audit.said.${entry.action}`, { id: entry.export_id })];
      case "chat_retention_changed": {
        const { retention_days, rules } = entry.after;
        const span = retention_days == null ? t("audit.said.chat_retention_forever") : t("audit.said.chat_retention_days", { count: retention_days });
        const names = rules.map(({ name }) => `«${name}»`).join(", ");
        return rules.length === 0 ? [span] : [span, t("audit.said.recording_rules", { names })];
      }
      case "messages_erased":
        return [t("audit.said.messages_erased", { count: entry.messages, id: entry.conversation_id })];
      case "conversations_searched":
        return [entry.query === "" ? t("audit.said.conversations_listed") : t("audit.said.conversations_searched", { query: entry.query })];
      case "conversation_opened":
      case "conversation_file_taken":
        return [t(`audit.said.${entry.action}`, { id: entry.conversation_id })];
      case "conversation_held": {
        const said = { reason: entry.reason, name: nameOf(entry.owner_id) };
        if (entry.user_id != null) return [t("audit.said.person_held", { ...said, who: nameOf(entry.user_id) })];
        return [t("audit.said.conversation_held", { ...said, id: entry.conversation_id ?? "" })];
      }
      case "conversation_hold_released":
        if (entry.user_id != null) return [t("audit.said.person_hold_released", { who: nameOf(entry.user_id) })];
        return [t("audit.said.conversation_hold_released", { id: entry.conversation_id ?? "" })];
      case "retention_frozen": {
        const when = (at: number): string => fullDate(i18n.language, at);
        return [t("audit.said.retention_frozen", { before: when(entry.before), after: when(entry.after) })];
      }
      case "retention_confirmed":
        return [t("audit.said.retention_confirmed")];
    }
  };
}
