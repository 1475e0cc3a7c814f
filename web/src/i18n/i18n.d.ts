/** Makes every key typed: a misspelt key does not compile. */
import "i18next";
import type { adminRu } from "./adminWords";
import type { ru } from "./ru";
import type { check } from "./ru/check";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    // The words for admins are there once their pages are (`adminWords.ts`).
    resources: { translation: typeof ru & typeof adminRu; check: typeof check };
  }
}
