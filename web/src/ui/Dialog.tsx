/** A modal on the browser's own `<dialog>`: focus is kept inside, Escape closes. Nothing of the page is above it, so it says itself what must stay in sight. */
import clsx from "clsx";
import { useEffect, useRef, type ReactNode } from "react";
import { useOnTop } from "./onTop";

export interface DialogProps {
  label: string;
  /** Escape or a click beside it. Without it the dialog stays until it is unmounted. */
  onClose?: () => void;
  className?: string;
  children: ReactNode;
}

export function Dialog({ label, onClose, className, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const onTop = useOnTop();

  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (!element.open) element.showModal();
    return () => element.close();
  }, []);

  return (
    <dialog
      ref={dialog}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose?.();
      }}
      className={clsx(
        "m-auto max-h-[96dvh] flex-col overflow-hidden rounded-3xl bg-raised p-0 text-text shadow-big open:flex",
        "backdrop:bg-black/50 backdrop:backdrop-blur-xs open:animate-rise",
        className,
      )}
    >
      {onTop}
      <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
    </dialog>
  );
}
