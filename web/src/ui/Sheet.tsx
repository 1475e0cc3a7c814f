/** A dialog with a title and a way out; on a phone it is the whole screen. */
import clsx from "clsx";
import { ArrowLeft, X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useIsPhone } from "../lib/useMedia";
import { IconButton } from "./Button";
import { Dialog } from "./Dialog";

export interface SheetProps {
  title: string;
  /** As high as what is in it. */
  short?: boolean;
  onClose(): void;
  children: ReactNode;
}

export function Sheet({ title, short, onClose, children }: SheetProps) {
  const { t } = useTranslation();
  const phone = useIsPhone();
  return (
    <Dialog
      label={title}
      onClose={onClose}
      className="w-full max-w-md max-md:m-0 max-md:h-dvh max-md:max-h-none max-md:max-w-none max-md:rounded-none"
    >
      <div
        className={clsx(
          "flex max-h-[90dvh] flex-col pt-[env(safe-area-inset-top)] pb-[env(safe-area-inset-bottom)] max-md:h-full max-md:max-h-none",
          short !== true && "h-[640px]",
        )}
      >
        <header className="flex h-14 shrink-0 items-center gap-1 px-2 md:pl-4">
          {phone && (
            <IconButton label={t("app.back")} onClick={onClose}>
              <ArrowLeft size={22} />
            </IconButton>
          )}
          <h2 className="min-w-0 flex-1 truncate text-lg font-semibold">{title}</h2>
          {!phone && (
            <IconButton label={t("app.close")} onClick={onClose} className="text-muted">
              <X size={20} />
            </IconButton>
          )}
        </header>
        {children}
      </div>
    </Dialog>
  );
}
