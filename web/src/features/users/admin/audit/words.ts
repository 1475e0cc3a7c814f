/** Lines of the audit log in plain words. */
import { useTranslation } from "react-i18next";
import type { AuditAction, AuditEntry, ListedUser, PathPolicy, PathRule } from "../../../../api/types";
import { useRuleWords } from "../../../../i18n/ruleWords";
import { adminRu } from "../../../../i18n/adminWords";
import { megabytes } from "../megabytes";
import { policyChanges, type PolicyChange } from "./policyChanges";
import { useRecordingWords } from "./recordingWords";

// An action that the server adds does not compile until it has words.
export const ACTIONS = Object.keys(adminRu.audit.kinds satisfies Record<AuditAction, string>) as AuditAction[];

/** What was done, in one sentence, or two. */
export function useAuditWords(users: ReadonlyMap<string, ListedUser>): (entry: AuditEntry) => string[] {
  const { t, i18n } = useTranslation();
  const name = (id: string): string => users.get(id)?.name ?? id;
  const policyWords = usePolicyWords(name);
  const recordingWords = useRecordingWords(name);
  return (entry) => {
    switch (entry.action) {
      case "user_added":
        return [t("audit.said.user_added", { name: entry.name, login: entry.login, role: t(`role.${entry.role}`) })];
      case "user_changed": {
        const { before, after } = entry;
        const renamed = before.name === after.name ? [] : [t("audit.said.renamed", { before: before.name, after: after.name })];
        if (before.role === after.role) return renamed;
        const roles = { before: t(`role.${before.role}`), after: t(`role.${after.role}`) };
        return [...renamed, t("audit.said.role_changed", { name: after.name, ...roles })];
      }
      case "user_deactivated":
      case "user_reactivated":
      case "user_invited_again":
      case "sign_in_failed":
        return [t(`audit.said.${entry.action}`, { name: name(entry.user_id) })];
      case "path_policy_changed":
        return policyWords(entry.before, entry.after);
      case "call_moved": {
        const paths = { before: t(`callAdmin.path.${entry.before}`), after: t(`callAdmin.path.${entry.after}`) };
        return [t("callAdmin.audit.moved", { caller: name(entry.caller_id), callee: name(entry.callee_id), ...paths })];
      }
      case "upload_limits_changed": {
        const size = (bytes: number): string => megabytes(i18n.language, bytes);
        const limits = { file: size(entry.max_file_bytes), user: size(entry.max_user_bytes) };
        return [t("audit.said.upload_limits_changed", limits)];
      }
      case "mail_settings_changed":
        if (entry.server == null) return [t("audit.said.mail_off")];
        return [t("audit.said.mail_settings_changed", { server: entry.server, sender: entry.sender ?? "" })];
      case "conversation_names_listed":
        return [t("audit.said.conversation_names_listed", { query: entry.query || "…" })];
      case "invitation_accepted":
      case "password_changed":
      case "signed_in":
      case "message_versions_read":
      case "audit_exported":
        return [t(`audit.said.${entry.action}`)];
      default:
        return recordingWords(entry);
    }
  };
}

/** So many sentences about one entry; the download has all. */
const MOST = 6;

function usePolicyWords(nameOf: (id: string) => string): (before: PathPolicy, after: PathPolicy) => string[] {
  const { t } = useTranslation();
  const who = useRuleWords(nameOf);
  const whole = (rule: PathRule): string => `${who(rule.match)}, ${t(`callAdmin.policy.brief.${rule.policy}`)}`;
  const say = (change: PolicyChange): string => {
    switch (change.type) {
      case "default": {
        const names = { before: t(`callAdmin.policy.brief.${change.before}`), after: t(`callAdmin.policy.brief.${change.after}`) };
        return t("callAdmin.audit.default", names);
      }
      case "added":
        return t("callAdmin.audit.added", { name: change.rule.name, rule: whole(change.rule) });
      case "removed":
        return t("callAdmin.audit.removed", { name: change.rule.name, rule: whole(change.rule) });
      case "changed":
        return t("callAdmin.audit.changed", { name: change.after.name, before: whole(change.before), after: whole(change.after) });
      case "order":
        return t("callAdmin.audit.order", { names: change.names.join(", ") });
    }
  };
  return (before, after) => {
    const said = policyChanges(before, after).map(say);
    // Saved as it was.
    if (said.length === 0) return [t("callAdmin.audit.same")];
    const rest = said.length - MOST;
    return rest > 0 ? [...said.slice(0, MOST), t("callAdmin.audit.more", { count: rest })] : said;
  };
}
