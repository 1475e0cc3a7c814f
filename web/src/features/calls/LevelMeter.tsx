/** How loud a microphone is, as a bar. */
import { useTranslation } from "react-i18next";

/** `level`: 0 to 1. */
export function LevelMeter({ level }: { level: number }) {
  const { t } = useTranslation();
  return (
    <div
      role="meter"
      aria-label={t("call.device.level")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(level * 100)}
      className="h-2 overflow-hidden rounded-full bg-line"
    >
      <div className="h-full origin-left rounded-full bg-online transition-transform duration-75" style={{ transform: `scaleX(${level})` }} />
    </div>
  );
}
