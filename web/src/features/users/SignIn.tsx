/** The sign-in page. */
import { Eye, EyeOff } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../api/http";
import { useErrorWords } from "../../i18n/errorWords";
import { Button, IconButton } from "../../ui/Button";
import { Field, type FieldProps } from "../../ui/Field";
import { Logo } from "../../ui/Logo";
import { useSignIn } from "./session";

/** The frame of the pages that one sees before being signed in. */
export function FrontPage({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  return (
    <div className="relative flex min-h-dvh flex-col bg-gradient-header md:bg-panel md:bg-none md:p-6">
      <div aria-hidden="true" className="absolute inset-x-0 top-0 h-80 bg-gradient-header max-md:hidden" />
      <header className="relative flex justify-center pt-[max(2rem,env(safe-area-inset-top))] pb-8 text-white md:py-10">
        <Logo />
      </header>
      <main className="relative flex w-full flex-1 flex-col self-center rounded-t-3xl bg-page p-6 pb-[max(1.5rem,env(safe-area-inset-bottom))] shadow-big md:max-w-md md:flex-none md:rounded-3xl md:p-8 md:pb-8">
        <h1 className="text-2xl font-semibold">{title}</h1>
        <p className="mt-1 mb-6 text-muted">{lead}</p>
        {children}
      </main>
    </div>
  );
}

/** A password with an eye beside it. */
export function PasswordField(props: FieldProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <div className="relative">
      <Field {...props} type={shown ? "text" : "password"} />
      <IconButton
        label={shown ? t("signIn.hidePassword") : t("signIn.showPassword")}
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
        className="absolute top-[22px] right-0.5 text-muted"
      >
        {shown ? <EyeOff size={20} /> : <Eye size={20} />}
      </IconButton>
    </div>
  );
}

export function FormError({ code }: { code: string }) {
  const words = useErrorWords();
  return (
    <p role="alert" className="rounded-xl bg-warn-soft px-3 py-2 text-sm text-warn-text">
      {words(code)}
    </p>
  );
}

export function SignIn() {
  const { t } = useTranslation();
  const signIn = useSignIn();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");

  function submit(event: FormEvent): void {
    event.preventDefault();
    signIn.mutate({ login: login.trim(), password });
  }

  return (
    <FrontPage title={t("signIn.title")} lead={t("signIn.lead")}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field
          label={t("signIn.login")}
          name="login"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          value={login}
          onChange={(event) => setLogin(event.target.value)}
        />
        <PasswordField
          label={t("signIn.password")}
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {signIn.isError && <FormError code={codeOf(signIn.error)} />}
        <Button look="primary" type="submit" busy={signIn.isPending} className="mt-2">
          {t("signIn.submit")}
        </Button>
        <p className="text-center text-sm text-muted">{t("signIn.help")}</p>
      </form>
    </FrontPage>
  );
}
