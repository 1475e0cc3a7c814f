/** True once nothing has been touched for a while: then the controls over a picture hide. */
import { useEffect, useState, type RefObject } from "react";

const STILL_MS = 3_000;

export function useStillness(area: RefObject<HTMLElement | null>, enabled: boolean): boolean {
  const [still, setStill] = useState(false);
  useEffect(() => {
    const element = area.current;
    if (!enabled || element === null) return;
    let timer: ReturnType<typeof setTimeout>;
    const hide = (): void => {
      // Never under somebody who is using the keyboard on them, or reads what one of them has opened.
      if (element.querySelector(":focus-visible, [aria-expanded=true]") === null) setStill(true);
      else timer = setTimeout(hide, STILL_MS);
    };
    const move = (): void => {
      setStill(false);
      clearTimeout(timer);
      timer = setTimeout(hide, STILL_MS);
    };
    const events = ["pointermove", "pointerdown", "keydown", "focusin"] as const;
    for (const event of events) element.addEventListener(event, move);
    move();
    return () => {
      clearTimeout(timer);
      for (const event of events) element.removeEventListener(event, move);
    };
  }, [area, enabled]);
  return enabled && still;
}
