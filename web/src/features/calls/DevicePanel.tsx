/** Sound and video: what one talks, hears and is seen with. Before a call it is the check of them, in a call a change takes effect at once. */
import { Stethoscope } from "lucide-react";
import { useTranslation } from "react-i18next";
import { navigate } from "../../lib/router";
import { useStore } from "../../lib/useStore";
import { Button } from "../../ui/Button";
import { Sheet } from "../../ui/Sheet";
import { Switch } from "../../ui/Switch";
import { CameraCheck } from "./CameraCheck";
import { useCalls, useCallView } from "./context";
import { MicrophoneCheck } from "./MicrophoneCheck";
import { SpeakerCheck } from "./SpeakerCheck";

const TREATMENT = ["noiseSuppression", "echoCancellation", "autoGainControl"] as const;

export function DevicePanel({ title, onClose }: { title: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { choices } = useCalls();
  const { stage } = useCallView();
  const chosen = useStore(choices.chosen);
  return (
    <Sheet title={title} onClose={onClose} short>
      <div className="flex min-h-0 flex-col gap-5 overflow-y-auto overscroll-contain px-4 pb-6">
        <MicrophoneCheck />
        <SpeakerCheck />
        <CameraCheck />
        <section aria-label={t("call.device.treatment")} className="divide-y divide-line border-t border-line">
          {TREATMENT.map((name) => (
            <Switch
              key={name}
              label={t(`call.device.${name}`)}
              detail={t(`call.device.${name}_detail`)}
              checked={chosen[name]}
              onChange={(on) => choices.choose({ [name]: on })}
            />
          ))}
        </section>
        {stage === "idle" && (
          <Button
            icon={<Stethoscope size={18} aria-hidden />}
            onClick={() => {
              onClose();
              navigate({ name: "check" });
            }}
            className="self-start"
          >
            {t("call.check")}
          </Button>
        )}
      </div>
    </Sheet>
  );
}
