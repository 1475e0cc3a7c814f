/** Theme and language, in the header's menu and on the profile page. Applied at once, kept on the server for the other devices. */
import { Monitor, Moon, Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { chooseLanguage, LANGUAGES, type Language } from "../../i18n";
import { chooseTheme, theme, type Theme } from "../../lib/theme";
import { useStore } from "../../lib/useStore";
import { Segmented } from "../../ui/Segmented";
import { useChangeSettings } from "./settings";

export function LookSettings() {
  const { t, i18n } = useTranslation();
  const change = useChangeSettings();
  const chosen = useStore(theme);
  return (
    <>
      <Segmented<Theme>
        label={t("settings.theme")}
        value={chosen}
        onChange={(next) => {
          chooseTheme(next);
          change({ theme: next });
        }}
        options={[
          { value: "system", label: t("settings.themeSystem"), icon: <Monitor size={15} aria-hidden /> },
          { value: "light", label: t("settings.themeLight"), icon: <Sun size={15} aria-hidden /> },
          { value: "dark", label: t("settings.themeDark"), icon: <Moon size={15} aria-hidden /> },
        ]}
      />
      <Segmented<Language>
        label={t("settings.language")}
        value={i18n.language as Language}
        onChange={(next) => {
          chooseLanguage(next);
          change({ language: next });
        }}
        options={LANGUAGES.map((language) => ({ ...language, lang: language.value }))}
      />
    </>
  );
}
