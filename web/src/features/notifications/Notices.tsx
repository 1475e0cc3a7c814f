/** Tells of messages while the page is open: sound, desktop notice, tab title and icon. Mounted once for a signed-in user. */
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useSocketListener } from "../../api/context";
import type { SocketListener } from "../../api/socket";
import type { Message } from "../../api/types";
import { navigate, parse, useRoute } from "../../lib/router";
import { useStore } from "../../lib/useStore";
import { covered } from "../../lib/useVisible";
import { useConversations, usePeople, usePreview, useUnreadTotal } from "../chat";
import { useMe, useSettings } from "../users";
import { showBadge, titleOf } from "./badge";
import { closeDesktopNotices, showDesktopNotice } from "./desktop";
import { permission, watchPermission } from "./permission";
import { resumePush, startWorker } from "./push";
import { nearness } from "./rank";
import { playMessageSound } from "./sound";
import { Tabs } from "./tabs";

/** What is older came while the page was away, and is no news. */
const FRESH_MS = 60_000;

export function Notices() {
  useTitle();
  useWorker();
  useMessageNotices();
  return null;
}

function useTitle(): void {
  const { t } = useTranslation();
  const unread = useUnreadTotal();
  const name = t("app.name");
  useEffect(() => {
    document.title = titleOf(name, unread);
    showBadge(unread);
  }, [name, unread]);
  useEffect(() => () => showBadge(0), []);
}

/** The worker shows notices for this page, opens chats that were clicked, and keeps the subscription alive. */
function useWorker(): void {
  const { i18n } = useTranslation();
  const { language } = i18n;
  useEffect(watchPermission, []);
  useEffect(() => {
    if (permission.get() === "granted") void startWorker();
    // Push is an extra: without it the page works as ever.
    resumePush(language).catch(() => undefined);
  }, [language]);
  useEffect(() => {
    if (!("serviceWorker" in navigator)) return;
    const heard = ({ data }: MessageEvent<{ type?: string; path?: string }>): void => {
      if (data.type === "open" && data.path !== undefined) navigate(parse(data.path));
      if (data.type === "resubscribe") resumePush(language).catch(() => undefined);
    };
    navigator.serviceWorker.addEventListener("message", heard);
    return () => navigator.serviceWorker.removeEventListener("message", heard);
  }, [language]);
}

function useMessageNotices(): void {
  const me = useMe();
  const route = useRoute();
  const { data: settings } = useSettings();
  const { data: conversations } = useConversations();
  const people = usePeople();
  const preview = usePreview(me.id, people);
  const hidden = useStore(covered);
  const openId = route.name === "chat" && !hidden ? route.conversationId : null;

  const tell = (message: Message, tabs: Tabs): void => {
    const conversation = conversations?.find(({ id }) => id === message.conversation_id);
    const mentioned = message.kind === "text" && message.mentions.includes(me.id);
    if (conversation?.muted === true && !mentioned) return;
    const visible = document.visibilityState === "visible";
    const near = nearness(openId === message.conversation_id, visible, document.hasFocus());
    tabs.settle(message.id, near, ({ sound, desktop }) => {
      if (sound && settings?.sound !== false) playMessageSound();
      if (!desktop || settings?.desktop_notices === false || permission.get() !== "granted") return;
      const sender = people.get(message.sender_id)?.name ?? "";
      const group = conversation?.kind === "group" ? conversation.name : null;
      const said = preview(message).text;
      const notice = group == null ? { title: sender, body: said } : { title: group, body: `${sender}: ${said}` };
      // A phone without a worker may refuse; the sound and the title have told already.
      showDesktopNotice({ conversationId: message.conversation_id, ...notice }).catch(() => undefined);
    });
  };
  // The listener stays the same while what it looks at changes.
  const latest = useRef(tell);
  useEffect(() => {
    latest.current = tell;
  });
  useTabs(latest, me.id);
}

function useTabs(tell: React.RefObject<(message: Message, tabs: Tabs) => void>, me: string): void {
  const tabs = useRef<Tabs | null>(null);
  useEffect(() => {
    const made = new Tabs();
    tabs.current = made;
    return () => made.close();
  }, []);
  useSocketListener(
    useMemo<SocketListener>(
      () => ({
        event: (event) => {
          if (event.type === "read_marked" && event.user_id === me) closeDesktopNotices(event.conversation_id).catch(() => undefined);
          if (event.type !== "message_created" || tabs.current === null) return;
          const { message } = event;
          const counts = message.kind === "text" && message.sender_id !== me && Date.now() - message.created_at < FRESH_MS;
          if (counts) tell.current(message, tabs.current);
        },
      }),
      [me, tell],
    ),
  );
}
