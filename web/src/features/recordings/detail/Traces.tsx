/** Who agreed to a recording, and who has opened it since. */
import { useTranslation } from "react-i18next";
import type { RecordedConsent, RecordingAccess } from "../../../api/recordings";
import { recordings as ru } from "../../../i18n/ru/recordings";
import { navigate } from "../../../lib/router";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { useNameOf } from "../../users";
import { known, useWhen } from "../words";

export function ConsentsCard({ consents }: { consents: readonly RecordedConsent[] }) {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  const when = useWhen();
  return (
    <Card title={t("recordings.consents.title")}>
      {consents.length === 0 && <p className="text-muted">{t("recordings.consents.none")}</p>}
      <ul className="divide-y divide-line">
        {consents.map(({ user_id, device_id, notice_version, language, text_hash, at }) => (
          <li key={`${user_id} ${device_id} ${at}`} className="py-2.5">
            <p className="font-medium">{nameOf(user_id)}</p>
            <p className="text-sm text-muted" title={text_hash}>
              {t("recordings.consents.line", {
                version: notice_version,
                language: known(ru.consents.languages, language) ? t(`recordings.consents.languages.${language}`) : language,
              })}
            </p>
            <p className="text-sm text-muted">{when(at)}</p>
            <p className="truncate text-sm text-muted" title={device_id}>
              {t("recordings.consents.device", { device: device_id })}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function AccessCard({ accesses }: { accesses: readonly RecordingAccess[] }) {
  const { t } = useTranslation();
  const words = (action: string): string =>
    known(ru.accesses.kinds, action) ? t(`recordings.accesses.kinds.${action}`, { action }) : t("recordings.accesses.kinds.other", { action });
  return <Accesses accesses={accesses} none={t("recordings.accesses.none")} words={words} />;
}

export interface AccessesProps {
  accesses: readonly RecordingAccess[];
  none: string;
  words(action: string): string;
}

export function Accesses({ accesses, none, words }: AccessesProps) {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  const when = useWhen();
  return (
    <Card title={t("recordings.accesses.title")} action={<Button onClick={() => navigate({ name: "admin", section: "audit" })}>{t("recordings.accesses.whole")}</Button>}>
      {accesses.length === 0 && <p className="text-muted">{none}</p>}
      <ul tabIndex={0} aria-label={t("recordings.accesses.title")} className="max-h-80 divide-y divide-line overflow-y-auto">
        {accesses.map(({ id, actor_id, action, at }) => (
          <li key={id} className="flex flex-wrap items-baseline gap-x-3 py-2">
            <span className="min-w-40 flex-1">
              <span className="font-medium">{actor_id == null ? t("audit.server") : nameOf(actor_id)}</span>{" "}
              <span className="text-muted">{words(action)}</span>
            </span>
            <span className="text-sm text-muted">{when(at)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
