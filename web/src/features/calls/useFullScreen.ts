/** Full screen, of the whole page: notes and menus lie outside of the call's own element. */
import { useEffect, useSyncExternalStore } from "react";

function subscribe(changed: () => void): () => void {
  document.addEventListener("fullscreenchange", changed);
  return () => document.removeEventListener("fullscreenchange", changed);
}

export function useFullScreen(): { able: boolean; on: boolean; toggle(): void } {
  const on = useSyncExternalStore(subscribe, () => document.fullscreenElement !== null);
  return {
    able: document.fullscreenEnabled,
    on,
    toggle: () => {
      const done = on ? document.exitFullscreen() : document.documentElement.requestFullscreen();
      // A browser may refuse; the call goes on in its window.
      done.catch(() => undefined);
    },
  };
}

/** What was made large for a call is not large after it. */
export function useLeaveFullScreen(): void {
  useEffect(
    () => () => {
      if (document.fullscreenElement !== null) document.exitFullscreen().catch(() => undefined);
    },
    [],
  );
}
