/** Staff as admins see them: everybody, with role and state. */
import { useMutation } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { changeUser, renewInvitation } from "../../../api/routes";
import type { User, UserChange } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { Dialog } from "../../../ui/Dialog";
import { ErrorState, SkeletonRows } from "../../../ui/states";
import { useUsers, useUpdateUser } from "../people";
import { AddUser } from "./AddUser";
import { InvitationLink, type Link } from "./InvitationLink";
import { UserRow } from "./UserRow";

export function UsersCard() {
  const { t, i18n } = useTranslation();
  const words = useErrorWords();
  const users = useUsers();
  const update = useUpdateUser();
  const [adding, setAdding] = useState(false);
  const [link, setLink] = useState<Link | null>(null);
  const [leaving, setLeaving] = useState<User | null>(null);
  const onError = (error: unknown): void => void toast.error(words(codeOf(error)));

  const renew = useMutation({
    mutationFn: (user: User) => renewInvitation(user.id),
    onSuccess: ({ url, expires_at }, user) => setLink({ name: user.name, url, expiresAt: expires_at }),
    onError,
  });
  const change = useMutation({
    mutationFn: ({ user, to }: { user: User; to: UserChange }) => changeUser(user.id, to),
    onSuccess: (user) => {
      update(user);
      toast.success(t("admin.changed"));
    },
    onError,
  });
  const byName = new Intl.Collator(i18n.language).compare;
  const rows = [...(users.data ?? [])].sort(
    (a, b) => Number(a.deactivated_at != null) - Number(b.deactivated_at != null) || byName(a.name, b.name),
  );

  return (
    <Card
      title={t("admin.users")}
      note={users.data && t("admin.usersCount", { count: rows.length })}
      action={
        <Button look="primary" icon={<UserPlus size={18} />} onClick={() => setAdding(true)}>
          {t("admin.addUser")}
        </Button>
      }
    >
      {users.isPending && <SkeletonRows label={t("app.loading")} count={3} />}
      {users.isError && (
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(users.error) })}
          retry={t("app.retry")}
          onRetry={() => void users.refetch()}
        />
      )}
      <ul aria-label={t("admin.users")} className="divide-y divide-line">
        {rows.map((user) => (
          <UserRow
            key={user.id}
            user={user}
            onRole={(role) => change.mutate({ user, to: { role } })}
            onActive={(active) => (active ? change.mutate({ user, to: { deactivated: false } }) : setLeaving(user))}
            onRenew={() => renew.mutate(user)}
          />
        ))}
      </ul>
      {adding && <AddUser onClose={() => setAdding(false)} onAdded={setLink} />}
      {link !== null && <InvitationLink link={link} onClose={() => setLink(null)} />}
      {leaving !== null && (
        <Dialog label={t("admin.deactivateAsk", { name: leaving.name })} onClose={() => setLeaving(null)} className="w-96 max-w-[92vw]">
          <div className="flex flex-col gap-4 p-6">
            <h3 className="text-lg font-semibold">{t("admin.deactivateAsk", { name: leaving.name })}</h3>
            <p className="text-muted">{t("admin.deactivateDetail")}</p>
            <div className="flex justify-end gap-2">
              <Button onClick={() => setLeaving(null)}>{t("app.cancel")}</Button>
              <Button
                look="danger"
                onClick={() => {
                  change.mutate({ user: leaving, to: { deactivated: true } });
                  setLeaving(null);
                }}
              >
                {t("admin.deactivate")}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </Card>
  );
}
