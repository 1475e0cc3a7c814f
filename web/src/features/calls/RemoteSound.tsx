/**
 * What the other side says. It plays in an element of its own that stays as long as the page: whatever the screen shows or
 * hides, the sound has no gap. Lips stay in step: the browser keeps the tracks of one sender together, not those of one element.
 */
import { Volume2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "../../lib/useStore";
import { useCalls } from "./context";
import { useInto } from "./speaker";

export function RemoteSound({ stream, silent }: { stream: MediaStream | null; silent: boolean }) {
  const { t } = useTranslation();
  const { speaker } = useStore(useCalls().choices.chosen);
  const audio = useRef<HTMLAudioElement>(null);
  const [refused, setRefused] = useState(false);
  useInto(audio, speaker);

  function play(): void {
    audio.current?.play().then(
      () => setRefused(false),
      // A page that nobody has clicked in may not make a sound. Anything else is a newer stream taking over.
      (error: unknown) => setRefused(error instanceof DOMException && error.name === "NotAllowedError"),
    );
  }

  useEffect(() => {
    if (audio.current === null) return;
    audio.current.srcObject = stream;
    if (stream !== null) play();
  }, [stream]);

  return (
    <>
      <audio ref={audio} autoPlay muted={silent} />
      {refused && stream !== null && (
        <button
          type="button"
          onClick={play}
          className="fixed top-1/2 left-1/2 z-50 flex min-h-12 -translate-1/2 items-center gap-2 rounded-full bg-white px-5 font-medium text-[#0f1419] shadow-big"
        >
          <Volume2 size={20} aria-hidden />
          {t("call.play")}
        </button>
      )}
    </>
  );
}
