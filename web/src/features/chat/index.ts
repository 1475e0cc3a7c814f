/** What the app may use of this feature. */
export { ChatPane } from "./ChatPane";
export { ChatProvider, useOutbox } from "./context";
export { ConversationList } from "./ConversationList";
export { otherMember, useConversation, useConversations, useOpenDirect, useUnreadTotal } from "./conversations";
export { NewGroup } from "./groups/NewGroup";
export { SearchResults } from "./search/SearchResults";
export { useDrafts } from "./ComposerContext";
