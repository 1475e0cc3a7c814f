/** The microphone: which one, how loud it hears one, and a plain word when it hears nothing. */
import clsx from "clsx";
import { CircleCheck, MicOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useStore } from "../../lib/useStore";
import { useCalls, useCallView } from "./context";
import { DeviceSelect } from "./DeviceSelect";
import { LevelMeter } from "./LevelMeter";
import { MediaErrorNote } from "./MediaErrorNote";
import { useMicrophoneLevel, type Heard } from "./useMicrophoneLevel";

export function MicrophoneCheck() {
  const { t } = useTranslation();
  const { choices, devices } = useCalls();
  const { microphones } = useStore(devices.devices);
  const { microphone } = useStore(choices.chosen);
  const { stage, microphone: on } = useCallView();
  const { heard, level, error } = useMicrophoneLevel();
  return (
    <section aria-label={t("call.device.microphone")} className="flex flex-col gap-2">
      <DeviceSelect kind="microphone" devices={microphones} value={microphone} onChange={(id) => choices.choose({ microphone: id })} />
      {error !== null ? (
        <MediaErrorNote error={error} />
      ) : (
        <>
          <LevelMeter level={level} />
          <Verdict heard={heard} />
        </>
      )}
      {(stage === "talking" || stage === "connecting") && !on && (
        <p className="flex items-center gap-2 text-sm">
          <MicOff size={16} aria-hidden className="shrink-0" />
          {t("call.device.mutedInCall")}
        </p>
      )}
    </section>
  );
}

function Verdict({ heard }: { heard: Heard }) {
  const { t } = useTranslation();
  return (
    <p role="status" className={clsx("flex items-center gap-2 text-sm", heard === "silent" ? "rounded-xl bg-warn-soft px-3 py-2 text-warn-text" : "text-muted")}>
      {heard === "heard" && <CircleCheck size={16} aria-hidden className="shrink-0 text-good" />}
      {t(`call.device.${heard}`)}
    </p>
  );
}
