/** The server's report, renewed while somebody looks at it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { getRelay } from "../../../../api/routes";
import { useVisible } from "../../../../lib/useVisible";

const EVERY_MS = 5_000;

export const RELAY_KEY = ["relay"] as const;

export function useRelay() {
  const { i18n } = useTranslation();
  const visible = useVisible();
  return useQuery({
    queryKey: [...RELAY_KEY, i18n.language],
    queryFn: () => getRelay(i18n.language === "ru" ? "ru" : "en"),
    refetchInterval: visible && EVERY_MS,
    placeholderData: keepPreviousData,
  });
}
