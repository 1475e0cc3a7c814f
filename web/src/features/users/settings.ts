/** What the user has set for themselves: kept on the server, applied here, and remembered here for the first paint. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useApi, useSocketListener } from "../../api/context";
import { codeOf } from "../../api/http";
import { changeSettings, getSettings } from "../../api/routes";
import type { SocketListener } from "../../api/socket";
import type { Settings, SettingsChange, StoredEvent } from "../../api/types";
import { chooseLanguage } from "../../i18n";
import { useErrorWords } from "../../i18n/errorWords";
import { chooseTheme } from "../../lib/theme";

const SETTINGS_KEY = ["settings"] as const;

const applyEvent = (settings: Settings, event: StoredEvent): Settings =>
  event.type === "settings_changed" ? event.settings : settings;

export function useSettings() {
  const { log } = useApi();
  return useQuery({ queryKey: SETTINGS_KEY, queryFn: () => log.fetch(getSettings, applyEvent), staleTime: Infinity });
}

/** Shown at once, and put back if the server refuses. */
export function useChangeSettings(): (change: SettingsChange) => void {
  const cache = useQueryClient();
  const words = useErrorWords();
  const { t } = useTranslation();
  const { mutate } = useMutation({
    mutationFn: changeSettings,
    onMutate: async (change) => {
      await cache.cancelQueries({ queryKey: SETTINGS_KEY });
      const before = cache.getQueryData<Settings>(SETTINGS_KEY);
      cache.setQueryData<Settings>(SETTINGS_KEY, (settings) => settings && { ...settings, ...(change as Partial<Settings>) });
      return before;
    },
    onError: (error, _, before) => {
      cache.setQueryData(SETTINGS_KEY, before);
      toast.error(t("profile.notSaved", { why: words(codeOf(error)) }));
    },
    scope: { id: "settings" },
  });
  return mutate;
}

/** Applies the settings and hears of changes on other devices. Mounted once. */
export function useSettingsFeed(): void {
  const cache = useQueryClient();
  const { data } = useSettings();
  useSocketListener(
    useMemo<SocketListener>(
      () => ({
        event: (event) => {
          if (event.type === "settings_changed") cache.setQueryData(SETTINGS_KEY, event.settings);
        },
        frame: ({ type }) => {
          if (type === "hello") void cache.invalidateQueries({ queryKey: SETTINGS_KEY });
        },
      }),
      [cache],
    ),
  );
  const theme = data?.theme;
  const language = data?.language;
  useEffect(() => {
    if (theme !== undefined) chooseTheme(theme);
  }, [theme]);
  useEffect(() => {
    // Unset: what this browser has.
    if (language != null) chooseLanguage(language);
  }, [language]);
}
