/** The relay and the media node at this moment, and since the server started. */
import { useTranslation } from "react-i18next";
import type { RelayReport } from "../../../../api/types";
import { fileSize } from "../../../../lib/size";
import { Card } from "../../../../ui/Card";
import { Figures } from "./Figures";

export function RelayCard({ now, totals }: Pick<RelayReport, "now" | "totals">) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const size = (bytes: number): string => fileSize(i18n.language, bytes);
  const lines = [
    [t("callAdmin.now.connections"), number.format(now.connections)],
    [t("callAdmin.now.sessions"), number.format(now.sessions)],
  ] as const;
  const sums = [
    [t("callAdmin.now.turnIn"), size(totals.turn_bytes_in)],
    [t("callAdmin.now.turnOut"), size(totals.turn_bytes_out)],
    [t("callAdmin.now.mediaIn"), size(totals.media_bytes_in)],
    [t("callAdmin.now.mediaOut"), size(totals.media_bytes_out)],
    [t("callAdmin.now.refused"), number.format(totals.turn_refused)],
  ] as const;
  return (
    <Card title={t("callAdmin.now.title")}>
      {!now.node && <p className="mb-3 text-danger">{t("callAdmin.now.off")}</p>}
      <Figures
        className="grid-cols-3"
        figures={(["udp", "tcp", "tls"] as const).map((way) => ({
          label: t(`callAdmin.now.${way}`),
          value: number.format(now.allocations[way]),
        }))}
      />
      <Lines lines={lines} />
      <h3 className="mt-5 mb-1 font-medium">{t("callAdmin.now.totals")}</h3>
      <Lines lines={sums} />
    </Card>
  );
}

function Lines({ lines }: { lines: readonly (readonly [string, string])[] }) {
  return (
    <dl className="m-0 mt-2 flex flex-col gap-1.5">
      {lines.map(([label, value]) => (
        <div key={label} className="flex items-baseline justify-between gap-4">
          <dt className="text-muted">{label}</dt>
          <dd className="m-0 font-medium whitespace-nowrap tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
