/** How long messages are kept, for officers, who do not change it. */
import { useTranslation } from "react-i18next";
import { Card } from "../../../ui/Card";
import { Skeleton } from "../../../ui/states";
import { useChatRetention } from "./useChatRetention";
import { useSpanWords, useWhichWords } from "./words";

export function ChatRetentionView() {
  const { t } = useTranslation();
  const span = useSpanWords();
  const which = useWhichWords();
  const { data } = useChatRetention();
  return (
    <Card title={t("archive.policy.title")}>
      <p className="-mt-2 mb-3 text-sm text-muted">{t("archive.policy.note")}</p>
      {data === undefined ? (
        <Skeleton className="h-12" />
      ) : (
        <ul className="divide-y divide-line">
          <li className="flex flex-wrap justify-between gap-x-4 py-2">
            <span>{t("archive.policy.who.everybody")}</span>
            <span>{span(data.retention_days)}</span>
          </li>
          {data.rules.map(({ name, match, retention_days }) => (
            <li key={name} className="flex flex-wrap justify-between gap-x-4 py-2">
              <span className="wrap-anywhere">
                {name} <span className="text-sm text-muted">{which(match)}</span>
              </span>
              <span>{span(retention_days)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
