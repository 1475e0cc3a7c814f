/** Lines of the audit log in plain words. */
import { useTranslation } from "react-i18next";
import type { AuditAction, AuditEntry, ListedUser, Policy } from "../../../../api/types";
import { ru } from "../../../../i18n/ru";
import { megabytes } from "../megabytes";

// An action that the server adds does not compile until it has words.
export const ACTIONS = Object.keys(ru.audit.kinds satisfies Record<AuditAction, string>) as AuditAction[];

/** What was done, in one sentence, or two. */
export function useAuditWords(users: ReadonlyMap<string, ListedUser>): (entry: AuditEntry) => string[] {
  const { t, i18n } = useTranslation();
  const name = (id: string): string => users.get(id)?.name ?? id;
  const paths: Record<Policy, string> = {
    direct: t("admin.pathDirect"),
    auto: t("admin.pathAuto"),
    relayed: t("admin.pathRelayed"),
    media_node: t("admin.pathNode"),
  };
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
      case "path_policy_changed": {
        const { before, after } = entry;
        return [t("audit.said.path_policy_changed", { before: paths[before.default], after: paths[after.default] })];
      }
      case "call_moved": {
        const [caller, callee] = [name(entry.caller_id), name(entry.callee_id)];
        return [t("audit.said.call_moved", { caller, callee, before: paths[entry.before], after: paths[entry.after] })];
      }
      case "upload_limits_changed": {
        const size = (bytes: number): string => megabytes(i18n.language, bytes);
        const limits = { file: size(entry.max_file_bytes), user: size(entry.max_user_bytes) };
        return [t("audit.said.upload_limits_changed", limits)];
      }
      case "mail_settings_changed":
        if (entry.server == null) return [t("audit.said.mail_off")];
        return [t("audit.said.mail_settings_changed", { server: entry.server, sender: entry.sender ?? "" })];
      case "invitation_accepted":
      case "password_changed":
      case "signed_in":
      case "message_versions_read":
      case "audit_exported":
        return [t(`audit.said.${entry.action}`)];
    }
  };
}
