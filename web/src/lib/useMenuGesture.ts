/** How a menu is asked for: right click, the menu key, or a long press on a touch screen. */
import { useCallback, useMemo, useRef, type MouseEvent, type PointerEvent } from "react";

export interface Point {
  x: number;
  y: number;
}

const LONG_PRESS_MS = 450;
/** A finger that moves further than this scrolls. */
const SLACK_PX = 10;

/** Handlers for the element that has the menu. */
export function useMenuGesture(open: (at: Point) => void) {
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; at: Point } | null>(null);
  /** The click that ends a long press is no click. */
  const swallow = useRef(false);

  const cancel = useCallback(() => {
    if (press.current !== null) clearTimeout(press.current.timer);
    press.current = null;
  }, []);

  return useMemo(
    () => ({
      onContextMenu: (event: MouseEvent<HTMLElement>) => {
        event.preventDefault();
        cancel();
        // The menu key has no place of its own.
        const box = event.currentTarget.getBoundingClientRect();
        const byKey = event.clientX === 0 && event.clientY === 0;
        open(byKey ? { x: box.left + 24, y: box.top + box.height / 2 } : { x: event.clientX, y: event.clientY });
      },
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        swallow.current = false;
        if (event.pointerType !== "touch") return;
        cancel();
        const at = { x: event.clientX, y: event.clientY };
        const timer = setTimeout(() => {
          press.current = null;
          swallow.current = true;
          open(at);
        }, LONG_PRESS_MS);
        press.current = { timer, at };
      },
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        const at = press.current?.at;
        if (at !== undefined && Math.hypot(event.clientX - at.x, event.clientY - at.y) > SLACK_PX) cancel();
      },
      onPointerUp: cancel,
      onPointerCancel: cancel,
      onClickCapture: (event: MouseEvent<HTMLElement>) => {
        if (!swallow.current) return;
        swallow.current = false;
        event.preventDefault();
        event.stopPropagation();
      },
    }),
    [open, cancel],
  );
}
