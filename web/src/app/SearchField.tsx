/** The search field of the left pane. */
import { Search, X } from "lucide-react";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../ui/Button";

export interface SearchFieldProps {
  label: string;
  value: string;
  onChange(value: string): void;
  onKeyDown(event: KeyboardEvent<HTMLInputElement>): void;
}

export function SearchField({ label, value, onChange, onKeyDown }: SearchFieldProps) {
  const { t } = useTranslation();
  return (
    <div className="relative min-w-0 flex-1">
      <Search size={18} aria-hidden className="pointer-events-none absolute top-[13px] left-3 text-muted" />
      <input
        type="search"
        aria-label={label}
        placeholder={t("search.placeholder")}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
        className="h-11 w-full rounded-2xl bg-panel pr-11 pl-10 outline-offset-[-1px] placeholder:text-muted [&::-webkit-search-cancel-button]:hidden"
      />
      {value !== "" && (
        <IconButton label={t("people.clearSearch")} onClick={() => onChange("")} className="absolute top-0 right-0 text-muted">
          <X size={18} />
        </IconButton>
      )}
    </div>
  );
}
