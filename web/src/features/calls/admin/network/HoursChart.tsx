/** Bytes that the server carried, by hour: bars for the eye, a table for screen readers. */
import { useTranslation } from "react-i18next";
import type { RelayHour } from "../../../../api/types";
import { fileSize } from "../../../../lib/size";
import { clock, fullDate } from "../../../../lib/time";
import { chartOf, type Bar } from "./scale";

/** Units of the drawing: it is stretched to its place. */
const STEP = 10;
const GAP = 2;
const HEIGHT = 100;
/** Every so many hours are named. */
const NAMED = 6;

export function HoursChart({ hours }: { hours: readonly RelayHour[] }) {
  const { t, i18n } = useTranslation();
  const { bars, top } = chartOf(hours);
  const idle = bars.every((bar) => bar.turnBytes + bar.mediaBytes === 0);
  const size = (bytes: number): string => fileSize(i18n.language, bytes);
  return (
    <figure className="relative m-0 mt-5">
      <figcaption className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="mr-auto font-medium">{t("callAdmin.day.chart")}</span>
        {!idle && <Key className="bg-accent" label={t("callAdmin.day.turn")} />}
        {!idle && <Key className="border border-accent bg-accent-soft" label={t("callAdmin.day.media")} />}
      </figcaption>
      {idle && <p className="text-sm text-muted">{t("callAdmin.day.idle")}</p>}
      {!idle && (
        <div aria-hidden="true" className="flex gap-2 text-sm text-muted tabular-nums">
          <div className="flex h-40 shrink-0 flex-col justify-between text-right leading-none">
            <span>{size(top)}</span>
            <span>{size(top / 2)}</span>
            <span>0</span>
          </div>
          <div className="min-w-0 flex-1">
            <svg viewBox={`0 0 ${bars.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" className="block h-40 w-full py-[6px]">
              {[0, 0.5, 1].map((at) => (
                <line
                  key={at}
                  x1={0}
                  x2={bars.length * STEP}
                  y1={HEIGHT * at}
                  y2={HEIGHT * at}
                  vectorEffect="non-scaling-stroke"
                  className="stroke-line"
                />
              ))}
              {bars.map((bar, i) => (
                <Column key={bar.at} bar={bar} x={i * STEP} words={t("callAdmin.day.bar", told(bar, i18n.language))} />
              ))}
            </svg>
            <Hours bars={bars} />
          </div>
        </div>
      )}
      <table className="sr-only">
        <caption>{t("callAdmin.day.chart")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("callAdmin.day.hour")}</th>
            <th scope="col">{t("callAdmin.day.turn")}</th>
            <th scope="col">{t("callAdmin.day.media")}</th>
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.at}>
              <th scope="row">{fullDate(i18n.language, bar.at)}</th>
              <td>{size(bar.turnBytes)}</td>
              <td>{size(bar.mediaBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function told(bar: Bar, language: string) {
  return { when: clock(language, bar.at), turn: fileSize(language, bar.turnBytes), media: fileSize(language, bar.mediaBytes) };
}

function Key({ className, label }: { className: string; label: string }) {
  return (
    <span className="flex items-center gap-1.5 text-sm text-muted">
      <span aria-hidden="true" className={`size-3 rounded-sm ${className}`} />
      {label}
    </span>
  );
}

/** The relay's part below, the media node's on it: told apart by the outline, too. */
function Column({ bar, x, words }: { bar: Bar; x: number; words: string }) {
  const [turn, media] = [bar.turn * HEIGHT, bar.media * HEIGHT];
  const at = { x: x + GAP / 2, width: STEP - GAP };
  return (
    <g>
      <title>{words}</title>
      {/* The whole column can be pointed at. */}
      <rect x={x} y={0} width={STEP} height={HEIGHT} className="fill-transparent hover:fill-panel" />
      <rect {...at} y={HEIGHT - turn} height={turn} className="pointer-events-none fill-accent" />
      <rect
        {...at}
        y={HEIGHT - turn - media}
        height={media}
        vectorEffect="non-scaling-stroke"
        className="pointer-events-none fill-accent-soft stroke-accent"
        strokeWidth={media > 0 ? 1 : 0}
      />
    </g>
  );
}

function Hours({ bars }: { bars: readonly Bar[] }) {
  const { i18n } = useTranslation();
  return (
    <div className="relative mt-1 h-5">
      {bars.map((bar, i) =>
        new Date(bar.at).getHours() % NAMED === 0 ? (
          <span key={bar.at} className="absolute -translate-x-1/2 whitespace-nowrap" style={{ left: `${(100 * (i + 0.5)) / bars.length}%` }}>
            {clock(i18n.language, bar.at)}
          </span>
        ) : null,
      )}
    </div>
  );
}
