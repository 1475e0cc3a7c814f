/** Staff as admins see them: everybody, with role and state. */
import { useMutation } from "@tanstack/react-query";
import { UserPlus, UserRoundSearch } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { changeUser, renewInvitation } from "../../../api/routes";
import type { Role, User, UserChange } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { matches } from "../../../lib/search";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { EmptyState, ErrorState, SkeletonRows } from "../../../ui/states";
import { useUsers, useUpdateUser } from "../people";
import { AddUser } from "./AddUser";
import { Confirm } from "./Confirm";
import { InvitationLink, type Link } from "./InvitationLink";
import { Rename } from "./Rename";
import { UserRow } from "./UserRow";

/** What is open above the list. */
type Asking =
  | { what: "add" }
  | { what: "rename"; user: User }
  | { what: "deactivate"; user: User }
  | { what: "role"; user: User; role: Role };

const isOff = (user: User): boolean => user.deactivated_at != null;

export function UsersCard() {
  const { t, i18n } = useTranslation();
  const words = useErrorWords();
  const users = useUsers();
  const update = useUpdateUser();
  const [query, setQuery] = useState("");
  const [offShown, setOffShown] = useState(false);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [link, setLink] = useState<Link | null>(null);
  const onError = (error: unknown): void => void toast.error(words(codeOf(error)));

  const renew = useMutation({
    mutationFn: (user: User) => renewInvitation(user.id),
    onSuccess: ({ url, expires_at }, user) => setLink({ userId: user.id, name: user.name, url, expiresAt: expires_at }),
    onError,
  });
  const { mutate: change } = useMutation({
    mutationFn: ({ user, to }: { user: User; to: UserChange }) => changeUser(user.id, to),
    onSuccess: (user) => {
      update(user);
      toast.success(t("admin.changed"));
    },
    onError,
  });
  const byName = new Intl.Collator(i18n.language).compare;
  const all = users.data ?? [];
  const off = all.filter(isOff).length;
  const rows = all
    .filter((user) => (offShown || query !== "" || !isOff(user)) && matches(query, user.name, user.login, user.email))
    .sort((a, b) => Number(isOff(a)) - Number(isOff(b)) || byName(a.name, b.name));

  return (
    <Card
      title={t("admin.users")}
      {...(users.data && { note: t("admin.usersCount", { count: all.length - off }) })}
      action={
        <Button look="primary" icon={<UserPlus size={18} />} onClick={() => setAsking({ what: "add" })}>
          {t("admin.addUser")}
        </Button>
      }
    >
      <input
        type="search"
        aria-label={t("adminSections.search")}
        placeholder={t("adminSections.search")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        className="mb-2 h-11 w-full rounded-2xl bg-panel px-4 outline-offset-[-1px] placeholder:text-muted"
      />
      {users.isPending && <SkeletonRows label={t("app.loading")} count={3} />}
      {users.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(users.error) })}
          retry={t("app.retry")}
          onRetry={() => void users.refetch()}
        />
      )}
      {users.isSuccess && rows.length === 0 && (
        <EmptyState icon={<UserRoundSearch />}>{t("adminSections.nobody", { query: query.trim() })}</EmptyState>
      )}
      <ul aria-label={t("admin.users")} className="divide-y divide-line">
        {rows.map((user) => (
          <UserRow
            key={user.id}
            user={user}
            onName={() => setAsking({ what: "rename", user })}
            onRole={(role) =>
              role === "admin" || role === "compliance"
                ? setAsking({ what: "role", user, role })
                : change({ user, to: { role } })
            }
            onActive={(active) =>
              active ? change({ user, to: { deactivated: false } }) : setAsking({ what: "deactivate", user })
            }
            onRenew={() => renew.mutate(user)}
          />
        ))}
      </ul>
      {off > 0 && !offShown && query === "" && (
        <Button onClick={() => setOffShown(true)} className="mt-3">
          {t("adminSections.showOff", { count: off })}
        </Button>
      )}
      {asking !== null && <Ask asking={asking} onClose={() => setAsking(null)} onAdded={setLink} onChange={change} />}
      {link !== null && <InvitationLink link={link} onClose={() => setLink(null)} />}
    </Card>
  );
}

interface AskProps {
  asking: Asking;
  onClose(): void;
  onAdded(link: Link): void;
  onChange(change: { user: User; to: UserChange }): void;
}

function Ask({ asking, onClose, onAdded, onChange }: AskProps) {
  const { t } = useTranslation();
  if (asking.what === "add") return <AddUser onClose={onClose} onAdded={onAdded} />;
  const { user } = asking;
  if (asking.what === "rename") {
    return <Rename user={user} onName={(name) => onChange({ user, to: { name } })} onClose={onClose} />;
  }
  if (asking.what === "deactivate") {
    return (
      <Confirm
        title={t("admin.deactivateAsk", { name: user.name })}
        detail={t("admin.deactivateDetail")}
        confirm={t("admin.deactivate")}
        look="danger"
        onConfirm={() => onChange({ user, to: { deactivated: true } })}
        onClose={onClose}
      />
    );
  }
  const { role } = asking;
  return (
    <Confirm
      title={t("adminSections.roleAsk", { name: user.name, role: t(`role.${role}`) })}
      detail={role === "admin" ? t("adminSections.roleAdminDetail") : t("adminSections.roleComplianceDetail")}
      confirm={t("adminSections.roleGive")}
      look="primary"
      onConfirm={() => onChange({ user, to: { role } })}
      onClose={onClose}
    />
  );
}
