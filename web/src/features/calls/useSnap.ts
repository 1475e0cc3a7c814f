/** Something small that is dragged about and snaps into the nearest corner. Arrow keys move it too. */
import { useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent } from "react";

export interface Corner {
  right: boolean;
  bottom: boolean;
}

/** A finger or mouse that moves less than this has clicked. */
const SLACK_PX = 6;

const KEYS: Record<string, Partial<Corner>> = {
  ArrowLeft: { right: false },
  ArrowRight: { right: true },
  ArrowUp: { bottom: false },
  ArrowDown: { bottom: true },
};

export function useSnap(first: Corner) {
  const [corner, setCorner] = useState(first);
  const [shift, setShift] = useState<{ x: number; y: number } | null>(null);
  const grabbed = useRef<{ x: number; y: number } | null>(null);

  function drop(event: PointerEvent<HTMLElement>): void {
    grabbed.current = null;
    if (shift === null) return;
    const box = event.currentTarget.getBoundingClientRect();
    const room = event.currentTarget.offsetParent?.getBoundingClientRect() ?? new DOMRect(0, 0, innerWidth, innerHeight);
    setCorner({
      right: box.left + box.width / 2 > room.left + room.width / 2,
      bottom: box.top + box.height / 2 > room.top + room.height / 2,
    });
    setShift(null);
  }

  const style: CSSProperties | undefined = shift === null ? undefined : { transform: `translate(${shift.x}px, ${shift.y}px)` };
  return {
    corner,
    dragging: shift !== null,
    style,
    handlers: {
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        // What is in it stays clickable.
        if (event.target instanceof Element && event.target.closest("button") !== null) return;
        grabbed.current = { x: event.clientX, y: event.clientY };
      },
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        if (grabbed.current === null) return;
        const moved = { x: event.clientX - grabbed.current.x, y: event.clientY - grabbed.current.y };
        if (shift === null && Math.hypot(moved.x, moved.y) < SLACK_PX) return;
        if (shift === null) event.currentTarget.setPointerCapture(event.pointerId);
        setShift(moved);
      },
      onPointerUp: drop,
      onPointerCancel: drop,
      onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
        const move = event.target === event.currentTarget ? KEYS[event.key] : undefined;
        if (move === undefined) return;
        event.preventDefault();
        setCorner({ ...corner, ...move });
      },
    },
  };
}
