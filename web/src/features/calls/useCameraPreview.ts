/** The picture of the chosen camera while somebody wants to see it; let go of at once after. */
import { useEffect, useState } from "react";
import { useCalls } from "./context";
import { captureCamera, mediaError } from "./media";
import type { CallView } from "./view";

interface Preview {
  stream: MediaStream | null;
  error: CallView["mediaError"];
}

const NONE: Preview = { stream: null, error: null };

export function useCameraPreview(camera: string | null, wanted: boolean): Preview {
  const { devices, choices } = useCalls();
  const [seen, setSeen] = useState(NONE);
  useEffect(() => {
    if (!wanted) return;
    let track: MediaStreamTrack | null = null;
    let over = false;
    // Missing in an insecure context, whatever its type says.
    captureCamera(navigator.mediaDevices as MediaDevices | undefined, { ...choices.chosen.get(), camera }).then(
      (opened) => {
        track = opened;
        if (over) return track.stop();
        setSeen({ stream: new MediaStream([track]), error: null });
        void devices.refresh();
      },
      (error: unknown) => {
        const { code, cause_name } = mediaError(error);
        if (!over) setSeen({ stream: null, error: { code, detail: cause_name, device: "camera" } });
      },
    );
    return () => {
      over = true;
      track?.stop();
      setSeen(NONE);
    };
  }, [camera, wanted, devices, choices]);
  return seen;
}
