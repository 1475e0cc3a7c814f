/** The last 24 hours: calls by path, bytes by hour, what checks found. */
import { PhoneOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { LastDay } from "../../../../api/types";
import { Card } from "../../../../ui/Card";
import { PATH_ICONS } from "../PathChip";
import { Counts } from "./Counts";
import { Figures } from "./Figures";
import { HoursChart } from "./HoursChart";

const PATHS = ["direct", "relayed", "media_node"] as const;

export function DayCard({ day }: { day: LastDay }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const calls = day.calls.direct + day.calls.relayed + day.calls.media_node;
  const figures = [
    ...PATHS.map((path) => ({ label: t(`callAdmin.path.${path}`), value: number.format(day.calls[path]), Icon: PATH_ICONS[path] })),
    { label: t("callAdmin.day.failed"), value: number.format(day.failed_calls), Icon: PhoneOff, bad: day.failed_calls > 0 },
  ];
  return (
    <Card title={t("callAdmin.day.title")} note={t("callAdmin.day.calls", { count: calls })}>
      <Figures figures={figures} className="grid-cols-2 md:grid-cols-4" />
      <HoursChart hours={day.hours} />
      <div className="mt-6 grid gap-6 md:grid-cols-2">
        <Counts
          title={t("callAdmin.day.failures")}
          none={t("callAdmin.day.noFailures")}
          counts={day.failures.map(({ leg, count }) => ({ label: t(`callAdmin.leg.${leg}`), count }))}
        />
        <Counts
          title={t("callAdmin.day.verdicts")}
          none={t("callAdmin.day.noVerdicts")}
          counts={day.verdicts.map(({ verdict, count }) => ({ label: t(`callAdmin.verdict.${verdict}`), count }))}
        />
      </div>
    </Card>
  );
}
