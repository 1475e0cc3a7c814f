/** What this browser allows: notices on the desktop, and push while no page is open. */
import { Store } from "../../lib/store";

/** `insecure`: only pages over https may ask. `missing`: this browser has none (iOS has, for a page on the home screen). */
export type Permission = "granted" | "denied" | "default" | "insecure" | "missing";

function look(): Permission {
  if (!isSecureContext) return "insecure";
  if (!("Notification" in window)) return "missing";
  return Notification.permission;
}

export const permission = new Store<Permission>(look());

/** Asks, if the browser has not been answered yet. */
export async function askPermission(): Promise<Permission> {
  if (look() === "default") await Notification.requestPermission();
  permission.set(look());
  return permission.get();
}

/** The answer can be changed in the browser's own settings while the page is open. */
export function watchPermission(): () => void {
  const again = (): void => permission.set(look());
  document.addEventListener("visibilitychange", again);
  addEventListener("focus", again);
  return () => {
    document.removeEventListener("visibilitychange", again);
    removeEventListener("focus", again);
  };
}

export type BrowserName = "firefox" | "safari" | "ios" | "edge" | "chrome";

/** For the words that tell where a refusal is taken back; wrong only costs a less fitting sentence. */
export function browserName(agent: string = navigator.userAgent): BrowserName {
  if (/iPhone|iPad/u.test(agent)) return "ios";
  if (/Firefox\//u.test(agent)) return "firefox";
  if (/Edg\//u.test(agent)) return "edge";
  return /Chrome\//u.test(agent) || !/Safari\//u.test(agent) ? "chrome" : "safari";
}
