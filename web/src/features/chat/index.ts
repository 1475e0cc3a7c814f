/** What the app may use of this feature. */
export { ChatPane } from "./ChatPane";
export { ChatProvider, useOutbox } from "./context";
export { ConversationList } from "./ConversationList";
export { otherMember, useConversation, useConversations, useOpenDirect, useUnreadTotal } from "./conversations";
export { Details, type DetailsView } from "./groups/Details";
export { NewGroup } from "./groups/NewGroup";
export { SearchResults } from "./search/SearchResults";
export { neighbour } from "./switcher/choices";
export { KeyHelp } from "./switcher/KeyHelp";
export { Switcher } from "./switcher/Switcher";
export { useSwitcherKeys } from "./switcher/useSwitcherKeys";
export { useDrafts } from "./ComposerContext";
export { usePeople } from "./face";
export { usePreview } from "./preview";
