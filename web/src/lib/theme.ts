/** Which theme the reader chose, and which the page shows. public/theme.js does the same before the first paint. */
import { recall, remember } from "./storage";
import { Store } from "./store";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "staffline.theme";

function stored(): Theme {
  const value = recall(KEY);
  return THEMES.find((theme) => theme === value) ?? "system";
}

export const theme = new Store<Theme>(stored());
/** What `system` comes to just now, resolved. */
export const shownTheme = new Store<"light" | "dark">("light");

export function chooseTheme(next: Theme): void {
  remember(KEY, next === "system" ? null : next);
  theme.set(next);
}

/** Keeps `<html data-theme>` right from now on. */
export function startTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    const wanted = theme.get();
    shownTheme.set(wanted === "system" ? (dark.matches ? "dark" : "light") : wanted);
    document.documentElement.dataset["theme"] = shownTheme.get();
  };
  dark.addEventListener("change", apply);
  theme.subscribe(apply);
  apply();
}
