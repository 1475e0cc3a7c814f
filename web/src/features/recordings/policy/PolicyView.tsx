/** What holds, for officers, who do not change it. */
import { useTranslation } from "react-i18next";
import type { RecordingPolicy } from "../../../api/recordings";
import { useKeptWords } from "../../../i18n/keptWords";
import { Card } from "../../../ui/Card";
import { LoadedPolicy } from "./PolicySection";
import { RetentionNote } from "./RetentionNote";
import { RuleRow } from "./RuleRow";

export function PolicyView() {
  return <LoadedPolicy>{(policy) => <Shown policy={policy} />}</LoadedPolicy>;
}

function Shown({ policy: { version, purpose, recorded_by, retention_days, two_officers, rules } }: { policy: RecordingPolicy }) {
  const { t } = useTranslation();
  const kept = useKeptWords();
  const terms = [
    { name: t("recordingAdmin.recordedBy"), value: recorded_by },
    { name: t("recordingAdmin.purposeRu"), value: purpose.ru, lang: "ru" },
    { name: t("recordingAdmin.purposeEn"), value: purpose.en, lang: "en" },
    { name: t("recordingAdmin.keep"), value: kept(retention_days) },
  ].filter(({ value }) => value !== "");
  return (
    <>
      <RetentionNote mayConfirm={false} />
      <Card title={t("recordingAdmin.notice")} note={t("recordingAdmin.version", { version })}>
        <p className="-mt-2 mb-3 text-sm text-muted">{t("recordingAdmin.readOnly")}</p>
        <dl className="grid gap-3 md:grid-cols-2">
          {terms.map(({ name, value, lang }) => (
            <div key={name}>
              <dt className="text-sm text-muted">{name}</dt>
              <dd lang={lang} className="m-0 whitespace-pre-line wrap-anywhere">
                {value}
              </dd>
            </div>
          ))}
        </dl>
        {two_officers && <p className="mt-3 text-sm">{t("recordingAdmin.twoOfficers")}</p>}
      </Card>
      <Card title={t("recordingAdmin.rules")} {...(rules.length > 0 && { note: t("recordingAdmin.count", { count: rules.length }) })}>
        {rules.length === 0 ? (
          <p className="text-muted">{t("recordingAdmin.noneYet")}</p>
        ) : (
          <ol aria-label={t("recordingAdmin.rules")} className="divide-y divide-line">
            {rules.map((rule, i) => (
              <RuleRow key={rule.name} ruleKey={i} rule={rule} place={i + 1} why={null} />
            ))}
          </ol>
        )}
      </Card>
    </>
  );
}
