/** Both languages say the same things, with all the plural forms that each needs. */
import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { adminEn, adminRu } from "./adminWords";
import { en } from "./en";
import { check as checkEn } from "./en/check";
import { startWords } from "./index";
import { ru } from "./ru";
import { check as checkRu } from "./ru/check";

interface Words {
  readonly [key: string]: string | Words;
}

function flatten(words: Words, prefix = ""): [string, string][] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === "string" ? [[prefix + key, value] as [string, string]] : flatten(value, `${prefix}${key}.`),
  );
}

const PLURAL = /_(zero|one|two|few|many|other)$/u;
const bare = (key: string): string => key.replace(PLURAL, "");
const all = { ru: flatten({ ...ru, ...adminRu, check: checkRu }), en: flatten({ ...en, ...adminEn, check: checkEn }) };

beforeAll(startWords);

test("the same keys", () => {
  const keys = (language: keyof typeof all): string[] => [...new Set(all[language].map(([key]) => bare(key)))].sort();
  expect(keys("en")).toEqual(keys("ru"));
});

test.each(["ru", "en"] as const)("%s: every plural has every form of the language", (language) => {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const plurals = new Set(all[language].filter(([key]) => PLURAL.test(key)).map(([key]) => bare(key)));
  const keys = new Set(all[language].map(([key]) => key));
  const missing = [...plurals].flatMap((key) => forms.map((form) => `${key}_${form}`)).filter((key) => !keys.has(key));
  expect(plurals.size).toBeGreaterThan(0);
  expect(missing).toEqual([]);
});

test("the same placeholders", () => {
  const placeholders = (text: string): string[] => (text.match(/\{\{\w+\}\}/gu) ?? []).sort();
  const english = new Map(all.en);
  const different = all.ru.filter(
    ([key, text]) => english.has(key) && placeholders(text).join() !== placeholders(english.get(key)!).join(),
  );
  expect(different).toEqual([]);
});

test("no exclamation marks, no empty words", () => {
  const bad = [...all.ru, ...all.en].filter(([, text]) => text.includes("!") || text.trim() === "");
  expect(bad).toEqual([]);
});

test.each([
  [1, "1 новое сообщение"],
  [2, "2 новых сообщения"],
  [5, "5 новых сообщений"],
  [11, "11 новых сообщений"],
  [21, "21 новое сообщение"],
  [112, "112 новых сообщений"],
])("Russian plural of %i", async (count, words) => {
  await i18next.changeLanguage("ru");
  expect(i18next.t("chat.newMessages", { count })).toBe(words);
});
