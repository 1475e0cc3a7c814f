/** Where to click so that the browser gives microphone and camera, in this browser. */
import { useTranslation } from "react-i18next";
import { readAgent, type Agent } from "../../lib/agent";

const STEPS = {
  chrome: "call.permission.chrome",
  firefox: "call.permission.firefox",
  safari: "call.permission.safari",
  iphone: "call.permission.iphone",
  android: "call.permission.android",
} as const;

/** All browsers of an iPhone are Safari inside; the Chromium family has the same icon everywhere. */
export function stepsFor({ browser, system }: Agent): keyof typeof STEPS {
  if (system === "iPhone" || system === "iPad") return "iphone";
  if (system === "Android") return "android";
  if (browser === "Firefox") return "firefox";
  return browser === "Safari" ? "safari" : "chrome";
}

export function PermissionHelp() {
  const { t } = useTranslation();
  const agent = readAgent(navigator.userAgent);
  return (
    <>
      <p className="mt-2 font-medium">{t("call.permission.title")}</p>
      <p>{t(STEPS[stepsFor(agent)])}</p>
      {!agent.handheld && <p className="mt-1">{t("call.permission.system")}</p>}
    </>
  );
}
