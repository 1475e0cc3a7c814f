/** Another password for oneself. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { changePassword } from "../../../api/routes";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { useMe } from "../session";
import { FormError, PasswordField } from "../SignIn";
import { OTHERS_KEY } from "./Devices";

/** As the server has it. */
const SHORTEST = 10;
const EMPTY = { current: "", next: "", again: "" };

export function PasswordForm() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const me = useMe();
  const [words, setWords] = useState(EMPTY);
  const [mismatch, setMismatch] = useState(false);
  const change = useMutation({
    mutationFn: changePassword,
    onSuccess: () => {
      setWords(EMPTY);
      toast.success(t("profile.passwordChanged"));
      void cache.invalidateQueries({ queryKey: OTHERS_KEY });
    },
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    setMismatch(words.next !== words.again);
    if (words.next === words.again) change.mutate({ current_password: words.current, new_password: words.next });
  }

  const field = (key: keyof typeof EMPTY) => ({
    name: `password-${key}`,
    required: true,
    value: words[key],
    onChange: (event: { target: { value: string } }) => {
      setMismatch(false);
      setWords({ ...words, [key]: event.target.value });
    },
  });

  return (
    <Card title={t("profile.password")}>
      <form onSubmit={submit} className="flex max-w-sm flex-col gap-4">
        {/* So that a password manager knows whose it is. */}
        <input type="text" name="username" autoComplete="username" value={me.login} readOnly hidden />
        <PasswordField {...field("current")} label={t("profile.passwordNow")} autoComplete="current-password" />
        <PasswordField
          {...field("next")}
          label={t("profile.passwordNew")}
          autoComplete="new-password"
          minLength={SHORTEST}
          hint={t("invitation.passwordHint", { count: SHORTEST })}
        />
        <PasswordField
          {...field("again")}
          label={t("profile.passwordAgain")}
          autoComplete="new-password"
          error={mismatch ? t("invitation.mismatch") : null}
        />
        {change.isError && <FormError code={codeOf(change.error)} />}
        <Button look="primary" type="submit" busy={change.isPending} className="self-start">
          {t("profile.passwordSubmit")}
        </Button>
        <p className="text-sm text-muted">{t("profile.passwordDetail")}</p>
      </form>
    </Card>
  );
}
