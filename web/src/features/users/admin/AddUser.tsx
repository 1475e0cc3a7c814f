/** The form for a new colleague; its answer is the invitation link. */
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { addUser } from "../../../api/routes";
import type { NewUser, Role } from "../../../api/types";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Field } from "../../../ui/Field";
import { FormError } from "../SignIn";
import { useUpdateUser } from "../people";
import type { Link } from "./InvitationLink";

const ROLES: readonly Role[] = ["employee", "manager", "compliance", "admin"];

export function AddUser({ onClose, onAdded }: { onClose: () => void; onAdded: (link: Link) => void }) {
  const { t } = useTranslation();
  const update = useUpdateUser();
  const [person, setPerson] = useState<NewUser>({ name: "", login: "", email: "", role: "employee" });
  const add = useMutation({
    mutationFn: addUser,
    onSuccess: ({ user, invitation }) => {
      update(user);
      onClose();
      onAdded({ userId: user.id, name: user.name, url: invitation.url, expiresAt: invitation.expires_at });
    },
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    add.mutate({ ...person, name: person.name.trim(), login: person.login.trim(), email: person.email.trim() });
  }

  const field = (key: "name" | "login" | "email") => ({
    label: t(`admin.${key}`),
    name: `new-${key}`,
    required: true,
    autoComplete: "off",
    value: person[key],
    onChange: (event: { target: { value: string } }) => setPerson({ ...person, [key]: event.target.value }),
  });

  return (
    <Dialog label={t("admin.addUser")} onClose={onClose} className="w-[26rem] max-w-[92vw]">
      <form onSubmit={submit} className="flex flex-col gap-4 p-6">
        <h3 className="text-lg font-semibold">{t("admin.addUser")}</h3>
        <Field {...field("name")} />
        <Field {...field("login")} autoCapitalize="none" spellCheck={false} />
        <Field {...field("email")} type="email" />
        <label className="flex flex-col gap-1 text-sm font-medium">
          {t("admin.role")}
          <select
            value={person.role}
            onChange={(event) => setPerson({ ...person, role: event.target.value as Role })}
            className="min-h-11 rounded-xl border border-line-strong bg-raised px-2 text-base font-normal"
          >
            {ROLES.map((role) => (
              <option key={role} value={role}>
                {t(`role.${role}`)}
              </option>
            ))}
          </select>
        </label>
        {add.isError && <FormError code={codeOf(add.error)} />}
        <div className="mt-2 flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button look="primary" type="submit" busy={add.isPending}>
            {t("admin.add")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
