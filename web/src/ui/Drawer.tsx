/** More about what is open: beside it where there is room, else over it; on a phone the whole screen. */
import { ArrowLeft, X } from "lucide-react";
import { useEffect, useId, useRef, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useIsPhone, useMedia } from "../lib/useMedia";
import { IconButton } from "./Button";
import { Dialog } from "./Dialog";

export const useHasRoomBeside = (): boolean => useMedia("(min-width: 1100px)");

export interface DrawerProps {
  title: string;
  onClose(): void;
  /** In place of closing, on the way back from an inner view. */
  onBack?: (() => void) | undefined;
  children: ReactNode;
}

export function Drawer({ title, onClose, onBack, children }: DrawerProps) {
  const beside = useHasRoomBeside();
  const id = useId();
  const aside = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!beside) return;
    const opener = document.activeElement as HTMLElement | null;
    if (aside.current?.contains(opener) !== true) aside.current?.focus();
    return () => {
      if (document.activeElement === document.body) opener?.focus();
    };
  }, [beside]);
  if (beside) {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !event.defaultPrevented) (onBack ?? onClose)();
    };
    return (
      <aside
        ref={aside}
        tabIndex={-1}
        aria-labelledby={id}
        onKeyDown={onKeyDown}
        className="flex min-h-0 w-[340px] shrink-0 flex-col border-l border-line bg-page outline-none"
      >
        <Inside id={id} title={title} onClose={onClose} onBack={onBack}>
          {children}
        </Inside>
      </aside>
    );
  }
  return (
    <Dialog
      label={title}
      onClose={onBack ?? onClose}
      className="my-0 mr-0 ml-auto h-dvh max-h-none w-full max-w-none rounded-none bg-page! md:w-[360px] md:rounded-l-3xl"
    >
      <div className="flex h-full flex-col pt-[env(safe-area-inset-top)]">
        <Inside id={id} title={title} onClose={onClose} onBack={onBack}>
          {children}
        </Inside>
      </div>
    </Dialog>
  );
}

function Inside({ id, title, onClose, onBack, children }: DrawerProps & { id: string }) {
  const { t } = useTranslation();
  const phone = useIsPhone();
  return (
    <>
      <header className="flex h-14 shrink-0 items-center gap-1 border-b border-line px-2 md:h-16">
        {(phone || onBack !== undefined) && (
          <IconButton label={t("app.back")} onClick={onBack ?? onClose}>
            <ArrowLeft size={22} />
          </IconButton>
        )}
        <h2 id={id} className="min-w-0 flex-1 truncate px-2 text-base font-semibold">
          {title}
        </h2>
        {!phone && (
          <IconButton label={t("app.close")} onClick={onClose} className="text-muted hover:bg-panel">
            <X size={20} />
          </IconButton>
        )}
      </header>
      <div className="safe-bottom flex min-h-0 flex-1 flex-col overflow-y-auto overscroll-contain">{children}</div>
    </>
  );
}
