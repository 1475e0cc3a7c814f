/** Where an invitation link leads: the first admin's set-up, or a new colleague's choice of a password. */
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, codeOf } from "../../api/http";
import { lookUpInvitation } from "../../api/routes";
import type { InvitationInfo } from "../../api/types";
import { navigate } from "../../lib/router";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { ErrorState, Skeleton } from "../../ui/states";
import { FormError, FrontPage, PasswordField } from "./SignIn";
import { tokenFrom } from "./invitationToken";
import { useAcceptInvitation } from "./session";

/** The server refuses shorter ones too. */
const PASSWORD_MIN = 10;

export function Invitation() {
  const { t } = useTranslation();
  // Read once: the form must not change under somebody who has begun to fill it in.
  const [token] = useState(() => tokenFrom(location.hash));
  const info = useQuery({
    queryKey: ["invitation", token],
    queryFn: () => lookUpInvitation(token ?? ""),
    enabled: token !== null,
    staleTime: Infinity,
    retry: false,
  });
  const toSignIn = (
    <Button look="primary" onClick={() => navigate({ name: "home" }, "replace")}>
      {t("invitation.toSignIn")}
    </Button>
  );

  if (token === null) return <FrontPage title={t("invitation.dead")} lead={t("invitation.missing")} children={toSignIn} />;
  if (info.isPending) {
    return (
      <FrontPage title={t("app.loading")} lead="">
        <Skeleton className="h-40" />
      </FrontPage>
    );
  }
  if (info.isError) {
    if (info.error instanceof ApiError && !info.error.transient) {
      return <FrontPage title={t("invitation.dead")} lead={t("invitation.deadDetail")} children={toSignIn} />;
    }
    const code = codeOf(info.error);
    return (
      <FrontPage title={t("app.name")} lead="">
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code })}
          retry={t("app.retry")}
          onRetry={() => void info.refetch()}
        />
      </FrontPage>
    );
  }
  return <InvitationForm token={token} info={info.data} />;
}

function InvitationForm({ token, info }: { token: string; info: InvitationInfo }) {
  const { t } = useTranslation();
  const accept = useAcceptInvitation();
  const setup = info.kind === "setup";
  const [person, setPerson] = useState({ name: "", login: "", email: "" });
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [tried, setTried] = useState(false);
  const mismatch = tried && again !== password ? t("invitation.mismatch") : null;

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (again !== password) return;
    accept.mutate(
      { token, password, ...(setup ? person : {}) },
      { onSuccess: () => navigate({ name: "home" }, "replace") },
    );
  }

  const field = (key: keyof typeof person) => ({
    label: t(`invitation.${key}`),
    name: key,
    required: true,
    value: person[key],
    onChange: (event: { target: { value: string } }) => setPerson({ ...person, [key]: event.target.value }),
  });

  return (
    <FrontPage
      title={setup ? t("invitation.setupTitle") : t("invitation.title", { name: info.name ?? "" })}
      lead={setup ? t("invitation.setupLead") : t("invitation.lead", { login: info.login ?? "" })}
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        {setup ? (
          <>
            <Field {...field("name")} autoComplete="name" />
            <Field {...field("login")} autoComplete="username" autoCapitalize="none" spellCheck={false} />
            <Field {...field("email")} type="email" autoComplete="email" />
          </>
        ) : (
          // For password managers: they store the login with the new password.
          <input type="hidden" name="username" autoComplete="username" value={info.login ?? ""} />
        )}
        <PasswordField
          label={t("invitation.password")}
          hint={t("invitation.passwordHint", { count: PASSWORD_MIN })}
          name="password"
          autoComplete="new-password"
          minLength={PASSWORD_MIN}
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <PasswordField
          label={t("invitation.passwordAgain")}
          name="password-again"
          autoComplete="new-password"
          required
          error={mismatch}
          value={again}
          onChange={(event) => setAgain(event.target.value)}
        />
        {accept.isError && <FormError code={codeOf(accept.error)} />}
        <Button look="primary" type="submit" busy={accept.isPending} className="mt-2">
          {t("invitation.submit")}
        </Button>
      </form>
    </FrontPage>
  );
}
