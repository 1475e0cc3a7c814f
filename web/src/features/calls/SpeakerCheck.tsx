/** The speaker: which one, where the browser lets a page choose, and a sound to hear it by. */
import { Volume2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "../../lib/useStore";
import { Button } from "../../ui/Button";
import { useCalls } from "./context";
import { DeviceSelect } from "./DeviceSelect";
import { canChooseSpeaker, playInto } from "./speaker";
import { testSound } from "./testSound";

export function SpeakerCheck() {
  const { t } = useTranslation();
  const { choices, devices } = useCalls();
  const { speakers } = useStore(devices.devices);
  const { speaker } = useStore(choices.chosen);
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const [url] = useState(() => URL.createObjectURL(testSound()));
  useEffect(() => () => URL.revokeObjectURL(url), [url]);

  async function play(): Promise<void> {
    if (audio.current === null) return;
    await playInto(audio.current, speaker);
    audio.current.currentTime = 0;
    await audio.current.play().catch(() => undefined);
  }

  return (
    <section aria-label={t("call.device.speaker")} className="flex flex-col gap-2">
      {canChooseSpeaker() && speakers.length > 0 ? (
        <DeviceSelect kind="speaker" devices={speakers} value={speaker} onChange={(id) => choices.choose({ speaker: id })} />
      ) : (
        <>
          <h3 className="text-sm font-medium">{t("call.device.speaker")}</h3>
          {!canChooseSpeaker() && <p className="text-sm text-muted">{t("call.device.speakerFixed")}</p>}
        </>
      )}
      <audio ref={audio} src={url} onPlay={() => setPlaying(true)} onEnded={() => setPlaying(false)} onPause={() => setPlaying(false)} />
      <Button icon={<Volume2 size={18} aria-hidden />} onClick={() => void play()} className="self-start">
        {playing ? t("call.device.testPlaying") : t("call.device.testSound")}
      </Button>
    </section>
  );
}
