/** The dark ground of a call: over the whole page, left of the chat, or small. The same element in all of them, so that nothing in it begins anew. */
import clsx from "clsx";
import { useEffect, useRef, type CSSProperties, type HTMLAttributes, type ReactNode } from "react";
import type { CallLayout } from "./callPage";

export interface CallOverlayProps extends HTMLAttributes<HTMLElement> {
  label: string;
  layout: CallLayout;
  style?: CSSProperties | undefined;
  children: ReactNode;
}

export function CallOverlay({ label, layout, className, children, ...rest }: CallOverlayProps) {
  const ground = useRef<HTMLElement>(null);
  const small = layout === "small";
  useEffect(() => {
    // Not the first control: it would show as focused, and controls that have the focus never hide.
    if (!small) ground.current?.focus({ preventScroll: true });
  }, [small]);
  useEffect(() => {
    if (layout === "full") closeDialogs();
  }, [layout]);
  return (
    <section
      ref={ground}
      role="dialog"
      aria-modal={layout === "full"}
      aria-label={label}
      tabIndex={-1}
      // Dark in either theme.
      data-theme="dark"
      className={clsx(
        "fixed overflow-hidden bg-[#0b0d12] text-white outline-none",
        layout === "full" && "inset-0 z-40",
        layout === "beside" && "inset-y-0 left-0 right-[min(420px,40vw)] z-40",
        small && "z-40",
        className,
      )}
      {...rest}
    >
      {children}
    </section>
  );
}

/** What was open in a dialog when the call came over it would lie above the call, and take its keyboard. */
function closeDialogs(): void {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
}
