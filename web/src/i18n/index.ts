/** Russian and English, chosen by the reader, else by the browser. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { recall, remember } from "../lib/storage";
import { en } from "./en";
import { ru } from "./ru";

export const LANGUAGES = [
  { value: "ru", label: "Русский" },
  { value: "en", label: "English" },
] as const;
export type Language = (typeof LANGUAGES)[number]["value"];

const KEY = "staffline.language";

function firstLanguage(): Language {
  const wanted = [recall(KEY), ...navigator.languages];
  for (const tag of wanted) {
    const found = LANGUAGES.find(({ value }) => tag?.toLowerCase().split("-")[0] === value);
    if (found !== undefined) return found.value;
  }
  return "en";
}

export async function startWords(): Promise<void> {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
  await i18next.use(initReactI18next).init({
    lng: firstLanguage(),
    fallbackLng: "en",
    resources: { ru: { translation: ru }, en: { translation: en } },
    // React escapes by itself.
    interpolation: { escapeValue: false },
  });
}

export function chooseLanguage(language: Language): void {
  remember(KEY, language);
  if (i18next.language !== language) void i18next.changeLanguage(language);
}
