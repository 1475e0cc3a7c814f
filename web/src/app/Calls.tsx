/** The screens of calls, with the chats that stand beside them. */
import { CallScreens } from "../features/calls";
import { useConversations } from "../features/chat";
import { openChat } from "./open";

export function Calls() {
  const { data } = useConversations();
  const unread = (conversationId: string): number => data?.find(({ id }) => id === conversationId)?.unread ?? 0;
  return <CallScreens chat={{ open: openChat, unread }} />;
}
