/** The picture of the chosen camera while somebody wants to see it; let go of at once after. */
import { useEffect, useState } from "react";
import { useCalls } from "./context";
import { mediaError } from "./media";
import type { CallView } from "./view";

interface Preview {
  stream: MediaStream | null;
  error: CallView["mediaError"];
}

const NONE: Preview = { stream: null, error: null };

export function useCameraPreview(camera: string | null, wanted: boolean): Preview {
  const { devices } = useCalls();
  const [seen, setSeen] = useState(NONE);
  useEffect(() => {
    if (!wanted) return;
    let stream: MediaStream | null = null;
    let over = false;
    const close = (): void => stream?.getTracks().forEach((track) => track.stop());
    const ask = async (): Promise<MediaStream> => {
      const video: MediaTrackConstraints = { width: { ideal: 1280 }, ...(camera === null ? {} : { deviceId: { ideal: camera } }) };
      return navigator.mediaDevices.getUserMedia({ video });
    };
    ask().then(
      (opened) => {
        stream = opened;
        if (over) return close();
        setSeen({ stream, error: null });
        void devices.refresh();
      },
      (error: unknown) => {
        const { code, cause_name } = mediaError(error);
        if (!over) setSeen({ stream: null, error: { code, detail: cause_name, device: "camera" } });
      },
    );
    return () => {
      over = true;
      close();
      setSeen(NONE);
    };
  }, [camera, wanted, devices]);
  return seen;
}
