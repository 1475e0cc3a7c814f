/** Notices on the desktop: shown by the service worker where there is one, because phones allow it to nobody else. */
import { navigate } from "../../lib/router";

const ICON = "/icon.svg";

export interface DesktopNotice {
  conversationId: string;
  title: string;
  body: string;
}

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  return "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration("/") : undefined;
}

/** The same tag as a push of this conversation has: whichever comes second takes the place of the first. */
export async function showDesktopNotice({ conversationId, title, body }: DesktopNotice): Promise<void> {
  const options = { body, icon: ICON, tag: conversationId, renotify: true, silent: true, data: { conversation_id: conversationId } };
  const worker = await registration();
  if (worker?.active != null) return void (await worker.showNotification(title, options));
  const notice = new Notification(title, options);
  notice.onclick = () => {
    window.focus();
    navigate({ name: "chat", conversationId });
    notice.close();
  };
}

/** What has been read needs no notice any more. */
export async function closeDesktopNotices(conversationId: string): Promise<void> {
  const worker = await registration();
  for (const notice of (await worker?.getNotifications({ tag: conversationId })) ?? []) notice.close();
}
