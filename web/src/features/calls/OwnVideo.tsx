/** The own camera, mirrored as in a looking glass. It carries no sound. */
import clsx from "clsx";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

export function OwnVideo({ stream, className }: { stream: MediaStream; className?: string }) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  return <video ref={video} autoPlay playsInline muted aria-label={t("call.ownVideo")} className={clsx("-scale-x-100", className)} />;
}
