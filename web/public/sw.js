/**
 * The service worker: shows notices that are pushed while no page is open, and opens the page when one is clicked. It keeps no
 * files and answers no requests, so that the page always comes fresh from the server.
 */
"use strict";

const ICON = "/icon.svg";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => event.waitUntil(pushed(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openChat(event.notification.data?.conversation_id));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(tellPages({ type: "resubscribe" })));

async function pushed(data) {
  let payload;
  try {
    payload = data.json();
  } catch {
    return;
  }
  // A page that somebody looks at tells of messages and calls by itself.
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (pages.some((page) => page.visibilityState === "visible")) return;
  const notice = noticeOf(payload);
  if (notice === null) return;
  await self.registration.showNotification(payload.title, notice);
}

/** The tag makes a newer notice of the same conversation or call take the place of the one before. */
function noticeOf(payload) {
  const common = { body: payload.body, icon: ICON, badge: ICON, data: { conversation_id: payload.conversation_id } };
  switch (payload.type) {
    case "message":
      return { ...common, tag: payload.conversation_id, renotify: true };
    case "call":
      // Came too late: the call is over by now.
      if (payload.until < Date.now()) return null;
      return { ...common, tag: `call:${payload.call_id}`, renotify: true, requireInteraction: true, vibrate: [300, 200, 300, 200, 300] };
    case "call_ended":
      return { ...common, tag: `call:${payload.call_id}`, silent: true };
    default:
      return null;
  }
}

async function openChat(conversation) {
  const path = conversation === undefined ? "/" : `/chat/${conversation}`;
  const [page] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (page === undefined) return void (await self.clients.openWindow(path));
  page.postMessage({ type: "open", path });
  await page.focus();
}

async function tellPages(message) {
  for (const page of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) page.postMessage(message);
}
