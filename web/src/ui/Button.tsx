/** Buttons: with words, and round ones with an icon. At least 44 px where fingers are used. */
import clsx from "clsx";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

type Look = "primary" | "plain" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-gradient-own text-white shadow-soft hover:brightness-110",
  plain: "border border-line bg-raised text-text hover:bg-panel",
  danger: "border border-line bg-raised text-danger hover:bg-panel",
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: ReactNode;
  /** Shown as busy and not clickable. */
  busy?: boolean;
}

export function Button({ look = "plain", icon, busy = false, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy}
      disabled={disabled === true || busy}
      className={clsx(
        "inline-flex min-h-11 items-center justify-center gap-2 rounded-xl px-4 text-base font-medium transition",
        "disabled:opacity-60 md:min-h-10",
        LOOKS[look],
        busy && "animate-pulse-soft",
        className,
      )}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** The accessible name, shown as a tooltip too. */
  label: string;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={clsx(
        "inline-grid size-11 shrink-0 place-items-center rounded-full transition disabled:opacity-50",
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
