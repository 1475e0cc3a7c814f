/** The own camera as a small tile that is dragged about and snaps into the nearest corner. Arrow keys move it too. */
import clsx from "clsx";
import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { OwnVideo } from "./OwnVideo";

interface Corner {
  right: boolean;
  bottom: boolean;
}

export function OwnTile({ stream, raised }: { stream: MediaStream; raised: boolean }) {
  const { t } = useTranslation();
  const [corner, setCorner] = useState<Corner>({ right: true, bottom: true });
  const [shift, setShift] = useState<{ x: number; y: number } | null>(null);
  const grabbed = useRef({ x: 0, y: 0 });

  function grab(event: PointerEvent<HTMLElement>): void {
    event.currentTarget.setPointerCapture(event.pointerId);
    grabbed.current = { x: event.clientX, y: event.clientY };
    setShift({ x: 0, y: 0 });
  }

  function drag(event: PointerEvent<HTMLElement>): void {
    if (shift !== null) setShift({ x: event.clientX - grabbed.current.x, y: event.clientY - grabbed.current.y });
  }

  function drop(event: PointerEvent<HTMLElement>): void {
    if (shift === null) return;
    const box = event.currentTarget.getBoundingClientRect();
    setCorner({
      right: box.left + box.width / 2 > innerWidth / 2,
      bottom: box.top + box.height / 2 > innerHeight / 2,
    });
    setShift(null);
  }

  function key(event: KeyboardEvent): void {
    const moves: Record<string, Partial<Corner>> = {
      ArrowLeft: { right: false },
      ArrowRight: { right: true },
      ArrowUp: { bottom: false },
      ArrowDown: { bottom: true },
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    setCorner({ ...corner, ...move });
  }

  return (
    <div
      role="group"
      aria-label={t("call.ownVideo")}
      tabIndex={0}
      onPointerDown={grab}
      onPointerMove={drag}
      onPointerUp={drop}
      onPointerCancel={drop}
      onKeyDown={key}
      style={shift === null ? undefined : { transform: `translate(${shift.x}px, ${shift.y}px)` }}
      className={clsx(
        "absolute z-10 w-28 cursor-grab touch-none overflow-hidden rounded-2xl border border-white/25 bg-black shadow-big md:w-52",
        corner.right ? "right-4" : "left-4",
        corner.bottom ? (raised ? "bottom-32" : "bottom-6") : "top-20",
        shift === null ? "transition-all" : "cursor-grabbing",
      )}
    >
      <OwnVideo stream={stream} className="aspect-[3/4] w-full object-cover md:aspect-video" />
    </div>
  );
}
