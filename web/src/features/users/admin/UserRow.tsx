/** One person in the admin's list. */
import { Link2, Pencil, UserRoundCheck, UserRoundX } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Role, User } from "../../../api/types";
import { Avatar } from "../../../ui/Avatar";
import { Button, IconButton } from "../../../ui/Button";
import { usePresence } from "../people";
import { useMe } from "../session";

const ROLES: readonly Role[] = ["employee", "manager", "compliance", "admin"];

export interface UserRowProps {
  user: User;
  onName(): void;
  onRole(role: Role): void;
  onActive(active: boolean): void;
  onRenew(): void;
}

export function UserRow({ user, onName, onRole, onActive, onRenew }: UserRowProps) {
  const { t } = useTranslation();
  const me = useMe();
  const { presence } = usePresence(user.id);
  const active = user.deactivated_at == null;
  const state = !active ? t("admin.deactivated") : user.invited ? t("admin.invited") : t("admin.active");
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 py-3">
      <Avatar id={user.id} name={user.name} picture={user.picture} size="md" presence={active ? presence : "offline"} className={active ? "" : "grayscale"} />
      <div className="min-w-48 flex-1">
        <p className="flex items-center gap-1 font-medium">
          <span className="wrap-anywhere">
            {user.name} {user.id === me.id && <span className="font-normal text-muted">({t("people.you")})</span>}
          </span>
          <IconButton label={t("adminSections.renameFor", { name: user.name })} onClick={onName} className="-my-2 text-muted hover:bg-panel">
            <Pencil size={16} />
          </IconButton>
        </p>
        <p className="text-sm wrap-anywhere text-muted">
          {user.login} · {user.email} · {state}
        </p>
      </div>
      <RoleSelect user={user} disabled={!active} onRole={onRole} />
      <div className="flex gap-2">
        {active && (
          <Button icon={<Link2 size={16} />} aria-label={t("admin.renewFor", { name: user.name })} onClick={onRenew} className="px-3 text-sm">
            <span className="max-sm:sr-only">{t("admin.renew")}</span>
          </Button>
        )}
        {active && user.id !== me.id && (
          <Button
            icon={<UserRoundX size={16} />}
            aria-label={t("admin.deactivateFor", { name: user.name })}
            onClick={() => onActive(false)}
            className="px-3 text-sm"
          >
            <span className="max-sm:sr-only">{t("admin.deactivate")}</span>
          </Button>
        )}
        {!active && (
          <Button
            icon={<UserRoundCheck size={16} />}
            aria-label={t("admin.activateFor", { name: user.name })}
            onClick={() => onActive(true)}
            className="px-3 text-sm"
          >
            <span className="max-sm:sr-only">{t("admin.activate")}</span>
          </Button>
        )}
      </div>
    </li>
  );
}

function RoleSelect({ user, disabled, onRole }: { user: User; disabled: boolean; onRole: (role: Role) => void }) {
  const { t } = useTranslation();
  return (
    <select
      aria-label={t("admin.roleOf", { name: user.name })}
      value={user.role}
      disabled={disabled}
      onChange={(event) => onRole(event.target.value as Role)}
      className="min-h-11 rounded-xl border border-line bg-raised px-2 text-sm disabled:opacity-60 max-sm:flex-1 md:min-h-10"
    >
      {ROLES.map((role) => (
        <option key={role} value={role}>
          {t(`role.${role}`)}
        </option>
      ))}
    </select>
  );
}
