/** Words for the server's stable codes. A code without words is shown with the code, so that the admin can look it up. */
import { useTranslation } from "react-i18next";
import { ru } from "./ru";

type Known = keyof typeof ru.error;

export function isKnown(code: string): code is Known {
  return Object.hasOwn(ru.error, code);
}

export function useErrorWords(): (code: string) => string {
  const { t } = useTranslation();
  return (code) => (isKnown(code) && code !== "unknown" ? t(`error.${code}`) : t("error.unknown", { code }));
}
