/** A menu at a point, as WAI-ARIA describes it: arrow keys, Home, End, Escape. On a phone a sheet at the bottom. */
import clsx from "clsx";
import { useEffect, useRef, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";
import type { Point } from "../lib/useMenuGesture";
import { useIsPhone } from "../lib/useMedia";
import { useOnTop } from "./onTop";

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  danger?: boolean;
  /** The key that does the same. */
  hint?: string | undefined;
  onChoose(): void;
}

export interface MenuProps {
  label: string;
  at: Point;
  items: readonly MenuItem[];
  /** Over a call, which is dark in either theme. */
  dark?: boolean;
  onClose(): void;
}

const WIDTH = 240;
const ROW = 44;
const MARGIN = 8;

/** Beside the point, and wholly on the screen. */
function placed(at: Point, rows: number): CSSProperties {
  const height = rows * ROW + 2 * MARGIN;
  const top = Math.max(MARGIN, Math.min(at.y, innerHeight - height - MARGIN));
  return {
    left: Math.max(MARGIN, Math.min(at.x, innerWidth - WIDTH - MARGIN)),
    top,
    maxHeight: innerHeight - top - MARGIN,
    width: WIDTH,
  };
}

export function Menu({ label, at, items, dark = false, onClose }: MenuProps) {
  const phone = useIsPhone();
  const onTop = useOnTop();
  const menu = useRef<HTMLDivElement>(null);
  const opener = useRef<Element | null>(null);

  useEffect(() => {
    opener.current ??= document.activeElement;
    menu.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const back = opener.current;
    return () => {
      // What was chosen may have moved the focus already.
      if (document.activeElement === null || document.activeElement === document.body) (back as HTMLElement | null)?.focus();
    };
  }, []);

  return createPortal(
    <div
      data-theme={dark ? "dark" : undefined}
      className={clsx("fixed inset-0 z-50", phone && "bg-black/40")}
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
      onContextMenu={(event) => event.preventDefault()}
    >
      <div
        style={phone ? undefined : placed(at, items.length)}
        className={clsx(
          "absolute flex animate-rise flex-col overflow-hidden border border-line bg-raised text-text shadow-big",
          phone ? "inset-x-0 bottom-0 max-h-full rounded-t-3xl pb-[env(safe-area-inset-bottom)]" : "rounded-2xl",
        )}
      >
        {onTop}
        <div ref={menu} role="menu" aria-label={label} onKeyDown={(event) => onMenuKey(event, onClose)} className="min-h-0 overflow-y-auto p-2">
          {items.map(({ label: words, icon, danger, hint, onChoose }) => (
            <button
              key={words}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                onClose();
                onChoose();
              }}
              className={clsx(
                "flex min-h-11 w-full items-center gap-3 rounded-xl px-3 text-left outline-offset-[-2px] hover:bg-panel focus-visible:bg-panel md:min-h-10",
                danger === true && "text-danger",
              )}
            >
              <span aria-hidden className="grid size-5 place-items-center [&>svg]:size-5">
                {icon}
              </span>
              {words}
              {hint !== undefined && (
                <kbd aria-hidden className="ml-auto font-sans text-sm text-muted pointer-coarse:hidden">
                  {hint}
                </kbd>
              )}
            </button>
          ))}
        </div>
      </div>
    </div>,
    document.body,
  );
}

function onMenuKey(event: KeyboardEvent<HTMLElement>, close: () => void): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitem]")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") close();
  else if (to !== undefined) items.at(to % items.length)?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
