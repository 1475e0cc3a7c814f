/** What a browser calls itself, as people call it. A hint for recognising one's own devices, no more. */
const BROWSERS = [
  [/\bYaBrowser\//u, "Yandex Browser"],
  [/\bEdgA?\//u, "Edge"],
  [/\bOPR\//u, "Opera"],
  [/\b(?:Firefox|FxiOS)\//u, "Firefox"],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//u, "Chrome"],
  [/\bSafari\//u, "Safari"],
] as const;

const SYSTEMS = [
  [/\biPhone\b/u, "iPhone"],
  [/\biPad\b/u, "iPad"],
  [/\bAndroid\b/u, "Android"],
  [/\bWindows\b/u, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/u, "macOS"],
  [/\bCrOS\b/u, "ChromeOS"],
  [/\bLinux\b/u, "Linux"],
] as const;

export interface Agent {
  browser: string | null;
  system: string | null;
  handheld: boolean;
}

const first = (agent: string, known: readonly (readonly [RegExp, string])[]): string | null =>
  known.find(([pattern]) => pattern.test(agent))?.[1] ?? null;

export function readAgent(agent: string): Agent {
  const system = first(agent, SYSTEMS);
  return { browser: first(agent, BROWSERS), system, handheld: system === "iPhone" || system === "iPad" || system === "Android" };
}
