/** This browser's push subscription, and the service worker that takes what is pushed. */
import { deletePushSubscription, getPushKey, putPushSubscription } from "../../api/routes";
import { Store } from "../../lib/store";

/** `unknown` until the browser has said. */
export type PushState = "unknown" | "unsupported" | "off" | "on";

export const pushState = new Store<PushState>("unknown");

export const canPush = (): boolean => isSecureContext && "serviceWorker" in navigator && "PushManager" in window;

/** The worker comes fresh from the server at each look: an old one must not outlive a new version. */
export async function startWorker(): Promise<ServiceWorkerRegistration | null> {
  if (!isSecureContext || !("serviceWorker" in navigator)) return null;
  try {
    await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
    return await navigator.serviceWorker.ready;
  } catch {
    // Private windows of some browsers have none: then there is no push, and notices are shown by the page.
    return null;
  }
}

/** Tells the server again of a subscription that is there: it may be somebody else's session now. */
export async function resumePush(language: string): Promise<void> {
  if (!canPush()) return pushState.set("unsupported");
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription == null || Notification.permission !== "granted") return pushState.set("off");
  await tell(subscription, language);
  pushState.set("on");
}

export async function turnPushOn(language: string): Promise<void> {
  const registration = await startWorker();
  if (registration === null) throw new Error("no service worker");
  const { key } = await getPushKey();
  const wanted = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  let subscription: PushSubscription;
  try {
    subscription = await registration.pushManager.subscribe(wanted);
  } catch (error) {
    // One for another key (the server was set up anew) is in the way.
    const stale = await registration.pushManager.getSubscription();
    if (stale === null) throw error;
    await stale.unsubscribe();
    subscription = await registration.pushManager.subscribe(wanted);
  }
  await tell(subscription, language);
  pushState.set("on");
}

export async function turnPushOff(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  await deletePushSubscription();
  await subscription?.unsubscribe();
  pushState.set("off");
}

async function tell(subscription: PushSubscription, language: string): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  if (endpoint === undefined || keys?.["p256dh"] === undefined || keys["auth"] === undefined) throw new Error("no keys");
  await putPushSubscription({ endpoint, p256dh: keys["p256dh"], auth: keys["auth"], language: language === "ru" ? "ru" : "en" });
}

/** Base64url, as the server gives the key. */
export function bytes(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replace(/-/gu, "+").replace(/_/gu, "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
