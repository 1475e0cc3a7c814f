/** The dark full-screen ground of a call, above everything, focus kept inside. */
import { useEffect, useRef, type ReactNode } from "react";

export function CallOverlay({ label, children }: { label: string; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    element.showModal();
    // Not the first control: it would show as focused, and controls that have the focus never hide.
    element.focus();
    return () => element.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      tabIndex={-1}
      aria-label={label}
      // Dark in either theme.
      data-theme="dark"
      // Escape must not end a call by accident.
      onCancel={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.preventDefault();
      }}
      className="fixed inset-0 m-0 h-dvh max-h-none w-screen max-w-none overflow-hidden border-0 bg-[#0b0d12] outline-none p-0 text-white"
    >
      {children}
    </dialog>
  );
}
