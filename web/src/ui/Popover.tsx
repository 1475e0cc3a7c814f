/** A panel that opens under its button; closes on Escape, on a click outside, and when focus leaves. */
import clsx from "clsx";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";

export interface PopoverProps {
  label: string;
  /** Marks the button as the sign of that state, which is never covered. */
  sign?: string;
  button: ReactNode;
  buttonClassName?: string;
  panelClassName?: string;
  children: (close: () => void) => ReactNode;
}

export function Popover({ label, sign, button, buttonClassName, panelClassName, children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event): void => {
      if (!(event.target instanceof Node) || root.current?.contains(event.target) !== true) setOpen(false);
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      setOpen(false);
      trigger.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", escape);
    };
  }, [open]);

  return (
    <div ref={root} className="relative">
      <button
        ref={trigger}
        type="button"
        aria-label={label}
        title={label}
        aria-expanded={open}
        aria-controls={id}
        data-sign={sign}
        onClick={() => setOpen(!open)}
        className={buttonClassName}
      >
        {button}
      </button>
      <div
        id={id}
        hidden={!open}
        className={clsx("absolute z-30 animate-rise rounded-2xl border border-line bg-raised text-text shadow-big", panelClassName)}
      >
        {open && children(() => setOpen(false))}
      </div>
    </div>
  );
}
