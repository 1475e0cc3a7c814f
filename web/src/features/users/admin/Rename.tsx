/** Another name for somebody. */
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../../../api/types";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Field } from "../../../ui/Field";

export function Rename({ user, onName, onClose }: { user: User; onName: (name: string) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(user.name);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (name.trim() !== user.name) onName(name.trim());
    onClose();
  }

  return (
    <Dialog label={t("adminSections.renameFor", { name: user.name })} onClose={onClose} className="w-96 max-w-[92vw]">
      <form onSubmit={submit} className="flex flex-col gap-4 p-6">
        <h3 className="text-lg font-semibold">{t("adminSections.rename")}</h3>
        <Field
          label={t("admin.name")}
          name="name"
          required
          maxLength={100}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button look="primary" type="submit" disabled={name.trim() === ""}>
            {t("adminSections.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
