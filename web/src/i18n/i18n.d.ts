/** Makes every key typed: a misspelt key does not compile. */
import "i18next";
import type { ru } from "./ru";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof ru };
  }
}
