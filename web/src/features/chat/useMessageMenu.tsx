/** The menu of a message, the dialogs that it leads to, and the keys that stand for its items. */
import { Copy, Info, Pencil, Reply, RotateCw, Trash2 } from "lucide-react";
import { useCallback, useMemo, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { ListedConversation } from "../../api/types";
import { copyText } from "../../lib/copyText";
import type { Point } from "../../lib/useMenuGesture";
import { Menu, type MenuItem } from "../../ui/Menu";
import { useCompose, useOutbox } from "./context";
import { DeleteDialog } from "./DeleteDialog";
import { MessageDetails } from "./MessageDetails";
import type { TextEntry, TextMessage } from "./timeline";

export type MessageAction = "reply" | "copy" | "edit" | "details" | "delete" | "retry" | "discard";

/** What can be done with a message, in the order of the menu. `writable`: one may write in the conversation. */
export function actionsOf({ own, text, state, message }: TextEntry, writable: boolean): MessageAction[] {
  const there = message !== null;
  const can: Record<MessageAction, boolean> = {
    retry: state === "failed",
    reply: there && writable,
    copy: text !== "",
    edit: there && own && writable && text !== "",
    details: there && own,
    delete: there && own,
    discard: !there,
  };
  return (Object.keys(can) as MessageAction[]).filter((action) => can[action]);
}

/** By the place of the key, whatever the layout. */
const KEYS: Record<string, MessageAction> = { KeyR: "reply", KeyE: "edit", KeyC: "copy", Delete: "delete" };

const ICONS: Record<MessageAction, ReactNode> = {
  retry: <RotateCw size={18} />,
  reply: <Reply size={18} />,
  copy: <Copy size={18} />,
  edit: <Pencil size={18} />,
  details: <Info size={18} />,
  delete: <Trash2 size={18} />,
  discard: <Trash2 size={18} />,
};

type Open = { what: "menu"; entry: TextEntry; at: Point } | { what: "delete" | "details"; message: TextMessage };

export interface MessageMenu {
  menu(entry: TextEntry, at: Point): void;
  /** True if the key stands for something that can be done. */
  key(entry: TextEntry, code: string): boolean;
  /** What is open. */
  element: ReactNode;
}

export function useMessageMenu(conversation: ListedConversation, writable: boolean): MessageMenu {
  const { t } = useTranslation();
  const [open, setOpen] = useState<Open | null>(null);
  const act = useAct(conversation.id, setOpen);
  const menu = useCallback(
    (entry: TextEntry, at: Point) => {
      if (actionsOf(entry, writable).length > 0) setOpen({ what: "menu", entry, at });
    },
    [writable],
  );
  const key = useCallback(
    (entry: TextEntry, code: string) => {
      const action = KEYS[code];
      if (action === undefined || !actionsOf(entry, writable).includes(action)) return false;
      act(action, entry);
      return true;
    },
    [writable, act],
  );
  const close = useCallback(() => setOpen(null), []);

  return useMemo(() => {
    const items = (entry: TextEntry): MenuItem[] =>
      actionsOf(entry, writable).map((action) => ({
        label: t(`chat.action.${action}`),
        icon: ICONS[action],
        danger: action === "delete" || action === "discard",
        onChoose: () => act(action, entry),
      }));
    const element =
      open === null ? null : open.what === "menu" ? (
        <Menu label={t("chat.menu")} at={open.at} items={items(open.entry)} onClose={close} />
      ) : open.what === "delete" ? (
        <DeleteDialog message={open.message} onClose={close} />
      ) : (
        <MessageDetails message={open.message} conversation={conversation} onClose={close} />
      );
    return { menu, key, element };
  }, [open, conversation, writable, t, act, menu, key, close]);
}

function useAct(conversationId: string, setOpen: (open: Open | null) => void): (action: MessageAction, entry: TextEntry) => void {
  const { t } = useTranslation();
  const compose = useCompose();
  const outbox = useOutbox();
  return useCallback(
    (action, { key, text, message }) => {
      if (action === "retry") outbox.retry(key);
      if (action === "discard") outbox.discard(key);
      if (action === "copy") void copyText(text).then((done) => done && toast(t("app.copied")));
      if (message === null) return;
      if (action === "reply") compose.reply(conversationId, message);
      if (action === "edit") compose.edit(conversationId, message);
      if (action === "delete" || action === "details") setOpen({ what: action, message });
    },
    [conversationId, setOpen, t, compose, outbox],
  );
}
