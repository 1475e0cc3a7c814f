/** A modal on the browser's own `<dialog>`: focus is kept inside, Escape closes. */
import clsx from "clsx";
import { useEffect, useRef, type ReactNode } from "react";

export interface DialogProps {
  label: string;
  /** Escape or a click beside it. Without it the dialog stays until it is unmounted. */
  onClose?: () => void;
  className?: string;
  children: ReactNode;
}

export function Dialog({ label, onClose, className, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);

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
        "m-auto max-h-[96dvh] rounded-3xl bg-raised p-0 text-text shadow-big",
        "backdrop:bg-black/50 backdrop:backdrop-blur-xs open:animate-rise",
        className,
      )}
    >
      {children}
    </dialog>
  );
}
