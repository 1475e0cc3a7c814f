/** While it rings or one talks, no recording plays into it. */
import { useEffect } from "react";
import { useStore } from "../../lib/useStore";
import { useCallSession } from "../calls";
import { usePlayback } from "./context";

export function QuietInCalls(): null {
  const playback = usePlayback();
  const busy = useStore(useCallSession().view).stage !== "idle";
  useEffect(() => {
    if (busy) playback.silence();
  }, [busy, playback]);
  return null;
}
