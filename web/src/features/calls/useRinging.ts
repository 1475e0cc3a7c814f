/** Sound, tab title and desktop notice while a call rings. */
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { startRinging } from "./ringer";
import type { CallView } from "./view";

const FLASH_MS = 1_000;

export function useRinging({ stage, kind }: CallView, name: string): void {
  const { t } = useTranslation();
  const ring = stage === "incoming" || stage === "outgoing" ? stage : null;
  useEffect(() => (ring === null ? undefined : startRinging(ring)), [ring]);

  const words = t("call.titleFlash", { name });
  useEffect(() => {
    if (stage !== "incoming") return;
    const before = document.title;
    document.title = words;
    const timer = setInterval(() => {
      document.title = document.title === words ? before : words;
    }, FLASH_MS);
    return () => {
      clearInterval(timer);
      document.title = before;
    };
  }, [stage, words]);

  const what = t(kind === "video" ? "call.incomingVideo" : "call.incomingAudio");
  useEffect(() => {
    if (stage !== "incoming" || !("Notification" in window) || Notification.permission !== "granted") return;
    if (document.visibilityState === "visible") return;
    try {
      const notice = new Notification(words, { body: what, tag: "staffline-call", icon: "/icon.svg" });
      notice.onclick = () => window.focus();
      return () => notice.close();
    } catch {
      // Some phones have the interface but allow it to service workers only.
      return;
    }
  }, [stage, words, what]);
}
