/** Whether the page can be seen: not in a hidden tab or a minimised window. */
import { useSyncExternalStore } from "react";
import { Store } from "./store";
import { useStore } from "./useStore";

/** Something lies over the whole page: what is under it is not seen, though the page is. */
export const covered = new Store(false);

function subscribe(changed: () => void): () => void {
  document.addEventListener("visibilitychange", changed);
  return () => document.removeEventListener("visibilitychange", changed);
}

export function useVisible(): boolean {
  const shown = useSyncExternalStore(subscribe, () => document.visibilityState === "visible");
  return !useStore(covered) && shown;
}
