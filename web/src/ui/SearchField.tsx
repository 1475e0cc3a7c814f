/** A search field with its clearing button. Escape empties it. */
import { Search, X } from "lucide-react";
import type { KeyboardEvent, Ref } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";

export interface SearchFieldProps {
  label: string;
  placeholder: string;
  value: string;
  autoFocus?: boolean;
  ref?: Ref<HTMLInputElement>;
  onChange(value: string): void;
  onKeyDown?(event: KeyboardEvent<HTMLInputElement>): void;
}

export function SearchField({ label, placeholder, value, autoFocus, ref, onChange, onKeyDown }: SearchFieldProps) {
  const { t } = useTranslation();
  return (
    <div className="relative min-w-0 flex-1">
      <Search size={18} aria-hidden className="pointer-events-none absolute top-[13px] left-3 text-muted" />
      <input
        ref={ref}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={value}
        autoFocus={autoFocus}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          onKeyDown?.(event);
          if (event.key !== "Escape" || value === "") return;
          // What the field stands in closes with the next one.
          event.preventDefault();
          event.stopPropagation();
          onChange("");
        }}
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
