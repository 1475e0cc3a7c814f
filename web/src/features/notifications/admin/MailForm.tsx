/** The form of the mail settings. What the server's configuration fixes is shown and cannot be changed. */
import { useId, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { MailChange, MailEncryption, MailReport } from "../../../api/types";
import { LANGUAGES, type Language } from "../../../i18n";
import { Button } from "../../../ui/Button";
import { Field } from "../../../ui/Field";
import { Segmented } from "../../../ui/Segmented";
import { Switch } from "../../../ui/Switch";

const PORTS: Record<MailEncryption, string> = { none: "25", starttls: "587", tls: "465" };

interface Draft {
  host: string;
  port: string;
  encryption: MailEncryption;
  user: string;
  password: string;
  sender: string;
  delay: string;
  includeText: boolean;
  language: Language;
}

function draftOf({ settings }: MailReport): Draft {
  const { server } = settings;
  return {
    host: server?.host ?? "",
    port: String(server?.port ?? PORTS.starttls),
    encryption: server?.encryption ?? "starttls",
    user: server?.user ?? "",
    password: "",
    sender: settings.sender,
    delay: String(settings.delay_minutes),
    includeText: settings.include_text,
    language: settings.language,
  };
}

function changeOf(draft: Draft): MailChange {
  const host = draft.host.trim();
  const user = draft.user.trim();
  return {
    settings: {
      server: host === "" ? null : { host, port: Number(draft.port), encryption: draft.encryption, user: user === "" ? null : user },
      sender: draft.sender.trim(),
      delay_minutes: Number(draft.delay),
      include_text: draft.includeText,
      language: draft.language,
    },
    password: draft.password === "" ? null : draft.password,
  };
}

const within = (text: string, most: number): boolean => /^[1-9]\d{0,4}$/u.test(text.trim()) && Number(text) <= most;

export interface MailFormProps {
  report: MailReport;
  busy: boolean;
  onSave(change: MailChange): void;
}

export function MailForm({ report, busy, onSave }: MailFormProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(() => draftOf(report));
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  const portWrong = draft.host.trim() !== "" && !within(draft.port, 65_535);
  const delayWrong = !within(draft.delay, 1_440);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!portWrong && !delayWrong) onSave(changeOf(draft));
  };
  return (
    <form className="flex flex-col gap-4" onSubmit={submit} noValidate>
      {report.fixed && <p className="rounded-xl bg-panel p-3 text-sm text-muted">{t("notices.mail.fixed")}</p>}
      <ServerFields report={report} draft={draft} set={set} portWrong={portWrong} />
      <div className="grid gap-4 md:grid-cols-2">
        <Field
          label={t("notices.mail.sender")}
          hint={t("notices.mail.senderHint")}
          value={draft.sender}
          disabled={report.fixed}
          onChange={(event) => set({ sender: event.target.value })}
        />
        <Field
          label={t("notices.mail.delay")}
          inputMode="numeric"
          value={draft.delay}
          error={delayWrong ? t("notices.mail.delayWrong") : null}
          onChange={(event) => set({ delay: event.target.value })}
        />
      </div>
      <Switch
        label={t("notices.mail.includeText")}
        detail={t("notices.mail.includeTextDetail")}
        checked={draft.includeText}
        onChange={(includeText) => set({ includeText })}
      />
      <div className="flex max-w-md flex-col gap-1">
        <span className="text-sm font-medium">{t("notices.mail.language")}</span>
        <Segmented<Language>
          label={t("notices.mail.language")}
          value={draft.language}
          onChange={(language) => set({ language })}
          options={LANGUAGES.map((language) => ({ ...language, lang: language.value }))}
        />
      </div>
      <div>
        <Button type="submit" look="primary" busy={busy}>
          {t("notices.mail.save")}
        </Button>
      </div>
    </form>
  );
}

interface ServerFieldsProps {
  report: MailReport;
  draft: Draft;
  set(change: Partial<Draft>): void;
  portWrong: boolean;
}

function ServerFields({ report, draft, set, portWrong }: ServerFieldsProps) {
  const { t } = useTranslation();
  const encryptionId = useId();
  const { fixed } = report;
  const encrypt = (encryption: MailEncryption): void => {
    const usual = Object.values(PORTS).includes(draft.port);
    set({ encryption, ...(usual && { port: PORTS[encryption] }) });
  };
  return (
    <fieldset className="m-0 grid gap-4 border-0 p-0 md:grid-cols-2" disabled={fixed}>
      <Field
        label={t("notices.mail.host")}
        hint={t("notices.mail.hostHint")}
        placeholder="smtp.example.com"
        spellCheck={false}
        value={draft.host}
        onChange={(event) => set({ host: event.target.value })}
      />
      <div className="grid grid-cols-2 gap-4">
        <Field
          label={t("notices.mail.port")}
          inputMode="numeric"
          value={draft.port}
          error={portWrong ? t("notices.mail.portWrong") : null}
          onChange={(event) => set({ port: event.target.value })}
        />
        <div className="flex flex-col gap-1">
          <label htmlFor={encryptionId} className="text-sm font-medium">
            {t("notices.mail.encryption")}
          </label>
          <select
            id={encryptionId}
            value={draft.encryption}
            onChange={(event) => encrypt(event.target.value as MailEncryption)}
            className="min-h-11 rounded-xl border border-line-strong bg-raised px-2"
          >
            {(["starttls", "tls", "none"] as const).map((encryption) => (
              <option key={encryption} value={encryption}>
                {t(`notices.mail.${encryption}`)}
              </option>
            ))}
          </select>
        </div>
      </div>
      <Field
        label={t("notices.mail.user")}
        hint={t("notices.mail.userHint")}
        autoComplete="off"
        spellCheck={false}
        value={draft.user}
        onChange={(event) => set({ user: event.target.value })}
      />
      <Field
        label={t("notices.mail.password")}
        hint={t(report.has_password ? "notices.mail.passwordKept" : "notices.mail.passwordHint")}
        type="password"
        autoComplete="new-password"
        value={draft.password}
        onChange={(event) => set({ password: event.target.value })}
      />
    </fieldset>
  );
}
