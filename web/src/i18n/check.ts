/** Words that are loaded with the connection check and not with the page. */
import i18next from "i18next";
import { check as en } from "./en/check";
import { check as ru } from "./ru/check";

export function addCheckWords(): void {
  i18next.addResourceBundle("ru", "check", ru);
  i18next.addResourceBundle("en", "check", en);
}
