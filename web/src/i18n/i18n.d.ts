/** Makes every key typed: a misspelt key does not compile. */
import "i18next";
import type { adminRu } from "./adminWords";
import type { ru } from "./ru";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    // The words for admins are there once their pages are (`adminWords.ts`).
    resources: { translation: typeof ru & typeof adminRu };
  }
}
