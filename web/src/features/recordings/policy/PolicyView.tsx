/** What holds, for officers, who do not change it. */
import { useTranslation } from "react-i18next";
import type { RecordingPolicy } from "../../../api/recordings";
import { useKeptWords } from "../../../i18n/keptWords";
import { Card } from "../../../ui/Card";
import { RuleRow } from "../../../ui/rules/RuleRow";
import { ChatRetentionView } from "../keeping/ChatRetentionView";
import { ModeChip } from "./ModeChip";
import { Loaded } from "./PolicySection";
import { RetentionNote } from "./RetentionNote";
import { useRuleDetails } from "./words";

export function PolicyView() {
  return <Loaded>{(policy) => <Shown policy={policy} />}</Loaded>;
}

function Shown({ policy: { version, purpose, recorded_by, retention_days, two_officers, rules } }: { policy: RecordingPolicy }) {
  const { t } = useTranslation();
  const kept = useKeptWords();
  const details = useRuleDetails();
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
      <Card title={t("rules.title")} {...(rules.length > 0 && { note: t("rules.count", { count: rules.length }) })}>
        {rules.length === 0 ? (
          <p className="text-muted">{t("recordingAdmin.noneYet")}</p>
        ) : (
          <ol aria-label={t("rules.title")} className="divide-y divide-line">
            {rules.map((rule, i) => (
              <RuleRow key={rule.name} ruleKey={i} name={rule.name} place={i + 1} details={details(rule)} chip={<ModeChip mode={rule.mode} />} />
            ))}
          </ol>
        )}
      </Card>
      <ChatRetentionView />
    </>
  );
}
