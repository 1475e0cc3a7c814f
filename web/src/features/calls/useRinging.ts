/** Sound, tab title and desktop notice while a call rings. */
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { CallKind } from "../../api/types";
import { startRinging, type Ring } from "./ringer";

const FLASH_MS = 1_000;

export function useRinging(ring: Ring | null, kind: CallKind, name: string): void {
  const { t } = useTranslation();
  useEffect(() => (ring === null ? undefined : startRinging(ring)), [ring]);

  const rings = ring === "incoming" || ring === "waiting";
  const words = t("call.titleFlash", { name });
  useEffect(() => {
    if (!rings) return;
    const before = document.title;
    document.title = words;
    const timer = setInterval(() => {
      document.title = document.title === words ? before : words;
    }, FLASH_MS);
    return () => {
      clearInterval(timer);
      document.title = before;
    };
  }, [rings, words]);

  const what = t(kind === "video" ? "call.incomingVideo" : "call.incomingAudio");
  useEffect(() => {
    if (!rings || !("Notification" in window) || Notification.permission !== "granted") return;
    if (document.visibilityState === "visible") return;
    try {
      const notice = new Notification(words, { body: what, tag: "staffline-call", icon: "/icon.svg" });
      notice.onclick = () => window.focus();
      return () => notice.close();
    } catch {
      // Some phones have the interface but allow it to service workers only.
      return;
    }
  }, [rings, words, what]);
}
