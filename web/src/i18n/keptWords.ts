/** How long a recording is kept, in words. */
import { useTranslation } from "react-i18next";
import { spanOf } from "../lib/retention";

export function useKeptWords(): (days: number) => string {
  const { t } = useTranslation();
  return (days) => {
    const { unit, count } = spanOf(days);
    return t(`recording.kept.${unit}`, { count });
  };
}
