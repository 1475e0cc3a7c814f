/** What is known of the open chat, and what can be done with it; or the search in it. */
import { useTranslation } from "react-i18next";
import { Drawer } from "../../../ui/Drawer";
import { useConversation } from "../conversations";
import { useFace } from "../face";
import { ChatSearch } from "../search/ChatSearch";
import { GroupDetails } from "./GroupDetails";
import { PersonDetails } from "./PersonDetails";

/** What the drawer shows. */
export type DetailsView = "about" | "search";

export interface DetailsProps {
  conversationId: string;
  view: DetailsView;
  onView(view: DetailsView): void;
  onClose(): void;
  /** The direct chat with a member. */
  onPerson(userId: string): void;
  onJump(conversationId: string, seq: number): void;
  /** One is no longer in the group. */
  onLeft(): void;
}

export function Details({ conversationId, view, onView, onClose, onPerson, onJump, onLeft }: DetailsProps) {
  const { t } = useTranslation();
  const conversation = useConversation(conversationId);
  const face = useFace(conversation);
  if (conversation === undefined || face === undefined) return null;
  if (view === "search") {
    return (
      <Drawer title={t("search.inChat")} onClose={onClose} onBack={() => onView("about")}>
        <ChatSearch conversationId={conversationId} onJump={onJump} />
      </Drawer>
    );
  }
  const search = (): void => onView("search");
  return (
    <Drawer title={t("list.details")} onClose={onClose}>
      {conversation.kind === "group" ? (
        <GroupDetails conversation={conversation} onSearch={search} onPerson={onPerson} onLeft={onLeft} />
      ) : (
        <PersonDetails conversation={conversation} face={face} onSearch={search} />
      )}
    </Drawer>
  );
}
