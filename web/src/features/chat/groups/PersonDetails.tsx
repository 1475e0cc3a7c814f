/** The card of the other person of a direct chat. */
import { AtSign, BadgeCheck, Mail } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { ListedConversation } from "../../../api/types";
import { useNow } from "../../../lib/useNow";
import { Avatar } from "../../../ui/Avatar";
import { usePresence, usePresenceWords } from "../../users";
import type { Face } from "../face";
import { Block, ChatActions } from "./pieces";

export interface PersonDetailsProps {
  conversation: ListedConversation;
  face: Face;
  onSearch(): void;
}

export function PersonDetails({ conversation, face: { id, name, picture, peer }, onSearch }: PersonDetailsProps) {
  const { t } = useTranslation();
  const words = usePresenceWords();
  const seen = usePresence(peer?.id);
  const now = useNow(60_000);
  return (
    <>
      <div className="flex flex-col items-center gap-1 px-4 py-6 text-center">
        <Avatar id={id} name={name} picture={picture} size="xl" />
        <p className="mt-3 text-xl font-semibold wrap-anywhere">{name}</p>
        {peer !== undefined && <p className="text-sm text-muted">{words(peer, seen, now)}</p>}
      </div>
      {peer !== undefined && (
        <Block>
          <dl>
            <Fact icon={<BadgeCheck size={20} />} name={t("groups.role")} value={t(`role.${peer.role}`)} />
            <Fact icon={<AtSign size={20} />} name={t("groups.login")} value={peer.login} />
            <Fact
              icon={<Mail size={20} />}
              name={t("groups.email")}
              value={
                <a href={`mailto:${peer.email}`} className="text-accent hover:underline">
                  {peer.email}
                </a>
              }
            />
          </dl>
        </Block>
      )}
      <ChatActions conversation={conversation} onSearch={onSearch} />
    </>
  );
}

function Fact({ icon, name, value }: { icon: ReactNode; name: string; value: ReactNode }) {
  return (
    <div className="relative flex min-h-12 flex-col-reverse justify-center py-1.5 pr-3 pl-11">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="m-0 wrap-anywhere">
        <span aria-hidden className="absolute top-1/2 left-3 -translate-y-1/2 text-muted">
          {icon}
        </span>
        {value}
      </dd>
    </div>
  );
}
