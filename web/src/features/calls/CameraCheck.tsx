/** The camera: which one, and what it sees. Its light goes on only when one asks to see the picture. */
import { Video, VideoOff } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "../../lib/useStore";
import { Button } from "../../ui/Button";
import { Switch } from "../../ui/Switch";
import { useCalls, useCallView } from "./context";
import { DeviceSelect } from "./DeviceSelect";
import { MediaErrorNote } from "./MediaErrorNote";
import { OwnVideo } from "./OwnVideo";
import { useCameraPreview } from "./useCameraPreview";

export function CameraCheck() {
  const { t } = useTranslation();
  const { choices, devices } = useCalls();
  const { cameras } = useStore(devices.devices);
  const { camera, mirror } = useStore(choices.chosen);
  const { localVideo } = useCallView();
  const [looking, setLooking] = useState(false);
  // In a call with the camera on its own picture is the preview.
  const { stream, error } = useCameraPreview(camera, looking && localVideo === null);
  const shown = localVideo ?? stream;
  return (
    <section aria-label={t("call.device.camera")} className="flex flex-col gap-2">
      <DeviceSelect kind="camera" devices={cameras} value={camera} onChange={(id) => choices.choose({ camera: id })} />
      {shown !== null && (
        <div className="overflow-hidden rounded-2xl bg-black">
          <OwnVideo stream={shown} className="aspect-video w-full object-contain" />
        </div>
      )}
      <MediaErrorNote error={error} />
      {localVideo === null && (
        <Button
          icon={looking ? <VideoOff size={18} aria-hidden /> : <Video size={18} aria-hidden />}
          onClick={() => setLooking(!looking)}
          className="self-start"
        >
          {t(looking ? "call.device.hideCamera" : "call.device.checkCamera")}
        </Button>
      )}
      {shown !== null && (
        <Switch
          label={t("call.device.mirror")}
          detail={t("call.device.mirror_detail")}
          checked={mirror}
          onChange={(on) => choices.choose({ mirror: on })}
        />
      )}
    </section>
  );
}
