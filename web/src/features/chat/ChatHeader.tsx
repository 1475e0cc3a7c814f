/** Above the messages: who it is with, whether they are there or write just now, and ways to call. */
import { ArrowLeft, Search } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Conversation } from "../../api/types";
import { useIsPhone } from "../../lib/useMedia";
import { useNow } from "../../lib/useNow";
import { Avatar } from "../../ui/Avatar";
import { IconButton } from "../../ui/Button";
import { Skeleton } from "../../ui/states";
import { CallButtons } from "../calls";
import { RoleBadge, useMe, usePresence, usePresenceWords } from "../users";
import type { Face } from "./face";
import type { DetailsView } from "./groups/Details";
import { useTypingWords } from "./typingWords";

export interface ChatHeaderProps {
  conversation: Conversation | undefined;
  /** Undefined while it loads. */
  face: Face | undefined;
  onBack(): void;
  onDetails(view: DetailsView): void;
}

export function ChatHeader({ conversation, face, onBack, onDetails }: ChatHeaderProps) {
  const { t } = useTranslation();
  const me = useMe();
  const peer = face?.peer;
  const seen = usePresence(peer?.id);
  // On a phone this is the whole screen.
  const Title = useIsPhone() ? "h1" : "h2";
  const callable = peer !== undefined && peer.id !== me.id && peer.deactivated_at == null;
  return (
    <header className="safe-top safe-x shrink-0 border-line bg-gradient-header text-white md:border-b md:bg-page md:bg-none md:text-text">
      <div className="flex h-14 items-center gap-2 px-1 md:h-16 md:gap-3 md:px-4">
        <IconButton label={t("app.back")} onClick={onBack} className="hover:bg-white/15 md:hidden">
          <ArrowLeft size={24} />
        </IconButton>
        {conversation === undefined || face === undefined ? (
          <Skeleton className="h-6 w-40" />
        ) : (
          <div className="relative flex min-w-0 flex-1 items-center gap-2 md:gap-3">
            <Avatar
              id={face.id}
              name={face.name}
              picture={face.picture}
              size="md"
              presence={peer === undefined ? "offline" : seen.presence}
              className="rounded-full max-md:ring-2 max-md:ring-white/80"
            />
            <div className="min-w-0 flex-1">
              <Title className="flex items-center gap-2 text-base font-semibold">
                <span className="truncate">{face.name}</span>
                {peer !== undefined && (
                  <span className="min-w-0 shrink-[999] truncate max-md:hidden">
                    <RoleBadge role={peer.role} />
                  </span>
                )}
              </Title>
              <p className="truncate text-sm text-white md:text-muted">
                <Standing conversation={conversation} peer={peer} />
              </p>
            </div>
            {/* Over all of it: a heading cannot stand in a button. */}
            <button
              type="button"
              aria-label={t("list.detailsOf", { name: face.name })}
              title={t("list.details")}
              onClick={() => onDetails("about")}
              className="absolute -inset-x-1 -inset-y-1 rounded-xl hover-able:hover:bg-black/5 dark:hover-able:hover:bg-white/5"
            />
          </div>
        )}
        <IconButton label={t("search.inChat")} onClick={() => onDetails("search")} className="text-accent hover:bg-accent-soft max-md:hidden">
          <Search size={20} />
        </IconButton>
        {callable && <CallButtons peerId={peer.id} className="hover:bg-white/15 md:text-accent md:hover:bg-accent-soft" />}
      </div>
    </header>
  );
}

/** Who writes just now; else of a person whether they are there, of a group how many it has. */
function Standing({ conversation, peer }: { conversation: Conversation; peer: Face["peer"] }) {
  const { t } = useTranslation();
  const seen = usePresence(peer?.id);
  const presenceWords = usePresenceWords();
  const now = useNow(60_000);
  const typing = useTypingWords(conversation.id);
  if (typing !== null) return typing;
  if (peer === undefined) return t("chat.members", { count: conversation.members.length });
  return (
    <>
      {presenceWords(peer, seen, now)}
      {peer.role !== "employee" && <span className="md:hidden"> · {t(`role.${peer.role}`)}</span>}
    </>
  );
}
