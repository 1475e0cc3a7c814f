/** What can be done with a chat from its row. */
import { Bell, BellOff, CheckCheck, ExternalLink } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../api/http";
import type { ListedConversation } from "../../api/types";
import { useErrorWords } from "../../i18n/errorWords";
import { pathOf } from "../../lib/router";
import type { Point } from "../../lib/useMenuGesture";
import { Menu, type MenuItem } from "../../ui/Menu";
import { useMarkAllRead, useSetMuted } from "./conversations";

export interface ConversationMenuProps {
  conversation: ListedConversation;
  name: string;
  at: Point;
  onClose(): void;
}

export function ConversationMenu({ conversation, name, at, onClose }: ConversationMenuProps) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const mute = useSetMuted();
  const read = useMarkAllRead();
  const { id, muted, unread } = conversation;
  const failed = { onError: (error: unknown) => void toast.error(words(codeOf(error))) };

  const items: MenuItem[] = [
    ...(unread > 0
      ? [{ label: t("list.markRead"), icon: <CheckCheck size={18} />, onChoose: () => read.mutate(conversation, failed) }]
      : []),
    {
      label: muted ? t("list.unmute") : t("list.mute"),
      icon: muted ? <Bell size={18} /> : <BellOff size={18} />,
      onChoose: () => mute.mutate({ id, muted: !muted }, failed),
    },
    {
      label: t("list.newTab"),
      icon: <ExternalLink size={18} />,
      onChoose: () => void open(pathOf({ name: "chat", conversationId: id }), "_blank", "noopener"),
    },
  ];
  return <Menu label={t("list.menu", { name })} at={at} items={items} onClose={onClose} />;
}
