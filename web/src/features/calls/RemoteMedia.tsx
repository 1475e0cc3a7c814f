/** What the other side sends. One element plays sound and picture; without a picture it is there but not seen. */
import clsx from "clsx";
import { Volume2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

export interface RemoteMediaProps {
  stream: MediaStream | null;
  name: string;
  /** The other side's camera is on. */
  visible: boolean;
}

export function RemoteMedia({ stream, name, visible }: RemoteMediaProps) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const [refused, setRefused] = useState(false);

  function play(): void {
    video.current?.play().then(
      () => setRefused(false),
      // A page that nobody has clicked in may not make a sound. Anything else is a newer stream taking over.
      (error: unknown) => setRefused(error instanceof DOMException && error.name === "NotAllowedError"),
    );
  }

  useEffect(() => {
    if (video.current === null) return;
    video.current.srcObject = stream;
    if (stream !== null) play();
  }, [stream]);

  return (
    <>
      <video
        ref={video}
        autoPlay
        playsInline
        aria-label={t("call.remoteVideo", { name })}
        className={clsx("absolute inset-0 size-full bg-black object-contain", !visible && "opacity-0")}
      />
      {refused && (
        <button
          type="button"
          onClick={play}
          className="absolute top-1/2 left-1/2 z-20 flex min-h-12 -translate-1/2 items-center gap-2 rounded-full bg-white px-5 font-medium text-[#0f1419]"
        >
          <Volume2 size={20} aria-hidden />
          {t("call.play")}
        </button>
      )}
    </>
  );
}
