/** The name of a group, and the field to change it. */
import { Pencil } from "lucide-react";
import { useState, type SubmitEvent } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { useErrorWords } from "../../../i18n/errorWords";
import { Button, IconButton } from "../../../ui/Button";
import { Field } from "../../../ui/Field";
import { useRenameGroup } from "./useGroups";

export function GroupName({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const rename = useRenameGroup(id);
  const [typed, setTyped] = useState<string | null>(null);
  if (typed === null) {
    return (
      <p className="mt-2 flex max-w-full items-center pl-11 text-xl font-semibold">
        <span className="wrap-anywhere">{name}</span>
        <IconButton label={t("groups.rename")} onClick={() => setTyped(name)} className="text-muted hover:bg-panel">
          <Pencil size={18} />
        </IconButton>
      </p>
    );
  }
  const close = (): void => setTyped(null);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (typed.trim() === name) close();
    else rename.mutate(typed.trim(), { onSuccess: close });
  };
  return (
    <form
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        close();
      }}
      className="mt-3 flex w-full flex-col gap-2 text-left"
    >
      <Field
        label={t("groups.name")}
        value={typed}
        maxLength={100}
        autoFocus
        autoComplete="off"
        error={rename.isError ? words(codeOf(rename.error)) : null}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="flex justify-end gap-2">
        <Button onClick={close}>{t("app.cancel")}</Button>
        <Button type="submit" look="primary" busy={rename.isPending} disabled={typed.trim() === ""}>
          {t("groups.save")}
        </Button>
      </div>
    </form>
  );
}
