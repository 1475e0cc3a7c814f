/** The bar under a call: microphone, camera, full screen, hang up. */
import clsx from "clsx";
import { Maximize, Mic, MicOff, Minimize, PhoneOff, Video, VideoOff } from "lucide-react";
import { useSyncExternalStore, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { useCalls } from "./context";
import { RoundButton } from "./pieces";
import type { CallView } from "./view";

function useFullScreen(): boolean {
  return useSyncExternalStore(
    (changed) => {
      document.addEventListener("fullscreenchange", changed);
      return () => document.removeEventListener("fullscreenchange", changed);
    },
    () => document.fullscreenElement !== null,
  );
}

export interface ControlsProps {
  view: CallView;
  hidden: boolean;
  /** What fills the screen in full-screen mode. */
  area: RefObject<HTMLElement | null>;
}

export function Controls({ view, hidden, area }: ControlsProps) {
  const { t } = useTranslation();
  const calls = useCalls();
  const full = useFullScreen();

  function toggleFullScreen(): void {
    const done = full ? document.exitFullscreen() : area.current?.requestFullscreen();
    // A browser may refuse; the call goes on in its window.
    done?.catch(() => undefined);
  }

  return (
    <div
      role="toolbar"
      aria-label={t("chat.call")}
      className={clsx(
        "absolute inset-x-0 bottom-0 z-20 flex justify-center bg-linear-to-t from-black/70 to-transparent px-2 pt-10 pb-[max(24px,env(safe-area-inset-bottom))] transition",
        hidden && "translate-y-4 opacity-0",
      )}
    >
      <RoundButton
        label={view.microphone ? t("call.micOff") : t("call.micOn")}
        look={view.microphone ? "on" : "off"}
        icon={view.microphone ? <Mic /> : <MicOff />}
        onClick={() => calls.setMicrophone(!view.microphone)}
      />
      <RoundButton
        label={view.camera ? t("call.camOff") : t("call.camOn")}
        look={view.camera ? "on" : "off"}
        icon={view.camera ? <Video /> : <VideoOff />}
        onClick={() => void calls.setCamera(!view.camera)}
      />
      {document.fullscreenEnabled && (
        <RoundButton
          label={full ? t("call.exitFullScreen") : t("call.fullScreen")}
          look="on"
          icon={full ? <Minimize /> : <Maximize />}
          onClick={toggleFullScreen}
        />
      )}
      <RoundButton label={t("call.hangUp")} look="end" icon={<PhoneOff />} onClick={() => calls.hangUp()} />
    </div>
  );
}
