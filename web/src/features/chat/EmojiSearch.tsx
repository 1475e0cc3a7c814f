/** The search of the emoji picker. It shows what was typed; the picker searches for the folded form of it. */
import * as Picker from "emoji-picker-react/primitives";
import { Search, X } from "lucide-react";
import { createContext, useContext, type ComponentProps } from "react";
import { useTranslation } from "react-i18next";

const Typed = createContext("");

function Field(props: ComponentProps<"input">) {
  return <input {...props} value={useContext(Typed)} />;
}

export function EmojiSearch({ query, onClear }: { query: string; onClear: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="relative min-w-0 flex-1">
      <Search size={18} aria-hidden className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-muted" />
      <Typed value={query}>
        <Picker.SearchInput
          as={Field}
          className="h-11 w-full rounded-xl bg-panel pr-11 pl-10 text-text outline-offset-[-2px] placeholder:text-muted md:h-10"
        />
      </Typed>
      {query !== "" && (
        <button
          type="button"
          aria-label={t("emoji.clear")}
          title={t("emoji.clear")}
          onClick={onClear}
          className="absolute inset-y-0 right-0 grid w-11 place-items-center text-muted"
        >
          <X size={18} aria-hidden />
        </button>
      )}
    </div>
  );
}
