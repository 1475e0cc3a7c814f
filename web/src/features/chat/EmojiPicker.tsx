/** emoji-picker-react in the page's colours and language. The system's own emoji: no pictures are fetched. */
import * as Picker from "emoji-picker-react/primitives";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { fold } from "../../lib/search";
import { shownTheme } from "../../lib/theme";
import { useMedia } from "../../lib/useMedia";
import { useStore } from "../../lib/useStore";
import { EmojiSearch } from "./EmojiSearch";
import { englishEmoji, russianEmoji } from "./emojiData";

export interface EmojiPickerProps {
  onPick(emoji: string): void;
}

export function EmojiPicker({ onPick }: EmojiPickerProps) {
  const { t, i18n } = useTranslation();
  const theme = useStore(shownTheme);
  const touch = useMedia("(pointer: coarse)");
  const [query, setQuery] = useState("");
  const labels = useMemo(
    () => ({
      searchPlaceholder: t("emoji.search"),
      searchLabel: t("emoji.search"),
      searchResultsNone: t("emoji.none"),
      searchResultsOne: t("emoji.one"),
      searchResultsMany: t("emoji.many"),
      categoryNavigation: t("emoji.categories"),
      loading: t("app.loading"),
      loadingError: t("compose.emojiFailed"),
      retryLoading: t("app.retry"),
      skinToneNeutral: t("emoji.tone.neutral"),
      skinToneLight: t("emoji.tone.light"),
      skinToneMediumLight: t("emoji.tone.mediumLight"),
      skinToneMedium: t("emoji.tone.medium"),
      skinToneMediumDark: t("emoji.tone.mediumDark"),
      skinToneDark: t("emoji.tone.dark"),
    }),
    [t],
  );
  return (
    <Picker.Root
      appearance="default"
      colorScheme={theme}
      className="emoji-picker"
      emojiData={i18n.language === "ru" ? russianEmoji : englishEmoji}
      labels={labels}
      suggestedEmojisMode="recent"
      // The names are written with е.
      searchValue={fold(query)}
      onSearchChange={setQuery}
      // On a phone it would open the keyboard over the panel.
      autoFocusSearch={!touch}
      onEmojiClick={({ emoji }) => onPick(emoji)}
    >
      <div className="flex items-center gap-2 px-3 pt-3 pb-1">
        <EmojiSearch query={query} onClear={() => setQuery("")} />
        <Picker.SkinTone />
      </div>
      <Picker.CategoryNav />
      <Picker.Viewport>
        <Picker.List />
        <Picker.Empty />
        <Picker.Loading />
        <Picker.LoadError />
      </Picker.Viewport>
    </Picker.Root>
  );
}
