/** Stays in sight while something is not saved. */
import { useTranslation } from "react-i18next";
import { Button } from "../Button";

export interface SaveBarProps {
  /** Why the server did not take it. */
  why: string | null;
  saving: boolean;
  onSave(): void;
  onDiscard(): void;
}

export function SaveBar({ why, saving, onSave, onDiscard }: SaveBarProps) {
  const { t } = useTranslation();
  return (
    <div
      role="region"
      aria-label={t("rules.unsaved")}
      className="sticky bottom-2 z-20 flex animate-rise flex-wrap items-center justify-end gap-2 rounded-2xl border border-line-strong bg-raised p-3 shadow-big"
    >
      <p role="status" className="mr-auto px-1 text-sm max-sm:basis-full">
        {why === null ? t("rules.unsaved") : <span className="text-danger">{t("rules.notSaved", { why })}</span>}
      </p>
      <Button disabled={saving} onClick={onDiscard}>
        {t("rules.discard")}
      </Button>
      <Button look="primary" busy={saving} onClick={onSave}>
        {t("rules.save")}
      </Button>
    </div>
  );
}
