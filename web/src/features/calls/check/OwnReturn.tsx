/** While the devices are open: how loud the microphone is, and the own picture as it comes back from the server. */
import { useTranslation } from "react-i18next";
import { Card } from "../../../ui/Card";
import { LevelMeter } from "../LevelMeter";
import { useTrackLevel } from "../useMicrophoneLevel";
import { useStream } from "../useStream";
import type { CheckView } from "./check";

export function OwnReturn({ view: { microphone, camera, returned, figures } }: { view: CheckView }) {
  const { t } = useTranslation("check");
  const { level } = useTrackLevel(microphone);
  const video = useStream<HTMLVideoElement>(returned);
  if (microphone === null && camera === null) return null;
  return (
    <Card title={t("you")}>
      <div className="flex flex-col gap-3">
        {camera !== null && (
          <div className="grid aspect-video place-items-center overflow-hidden rounded-2xl bg-black">
            <video ref={video} autoPlay playsInline muted aria-label={t("returned")} className="size-full object-contain" />
          </div>
        )}
        {microphone !== null && (
          <>
            <LevelMeter level={level} />
            <p className="text-sm text-muted">{t("speak")}</p>
          </>
        )}
        {figures !== null && (
          <p className="text-sm tabular-nums">
            {t("figures", { rtt: figures.roundTripMs ?? "–", loss: figures.lossPercent?.toFixed(1) ?? "–" })}
          </p>
        )}
      </div>
    </Card>
  );
}
