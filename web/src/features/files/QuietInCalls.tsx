/** While it rings or one talks, no recording plays into it. */
import { useEffect } from "react";
import { useInCall } from "../calls";
import { usePlayback } from "./context";

export function QuietInCalls(): null {
  const playback = usePlayback();
  const busy = useInCall();
  useEffect(() => {
    if (busy) playback.silence();
  }, [busy, playback]);
  return null;
}
