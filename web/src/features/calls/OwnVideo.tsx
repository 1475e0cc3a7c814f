/** The own camera, mirrored as in a looking glass unless one has chosen otherwise. It carries no sound. */
import clsx from "clsx";
import { useTranslation } from "react-i18next";
import { useStore } from "../../lib/useStore";
import { useCalls } from "./context";
import { useStream } from "./useStream";

export function OwnVideo({ stream, className }: { stream: MediaStream; className?: string }) {
  const { t } = useTranslation();
  const { mirror } = useStore(useCalls().choices.chosen);
  const video = useStream<HTMLVideoElement>(stream);
  return <video ref={video} autoPlay playsInline muted aria-label={t("call.ownVideo")} className={clsx(mirror && "-scale-x-100", className)} />;
}
