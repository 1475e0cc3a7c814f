/** A group: its picture and name, who is in it, and the way out. */
import { LogOut, UserRoundPlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import type { ListedConversation } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { useNow } from "../../../lib/useNow";
import { Confirm } from "../../../ui/Confirm";
import { seenOf, useMe, usePresences } from "../../users";
import { usePeople } from "../face";
import { AddMembers } from "./AddMembers";
import { GroupName } from "./GroupName";
import { GroupPicture } from "./GroupPicture";
import { MemberRow } from "./MemberRow";
import { Block, ChatActions, ROW } from "./pieces";
import { useRemoveMember } from "./useGroups";

export interface GroupDetailsProps {
  conversation: ListedConversation;
  onSearch(): void;
  onPerson(userId: string): void;
  onLeft(): void;
}

export function GroupDetails({ conversation, onSearch, onPerson, onLeft }: GroupDetailsProps) {
  const { t } = useTranslation();
  const me = useMe();
  const people = usePeople();
  const presences = usePresences();
  const now = useNow(60_000);
  const [adding, setAdding] = useState(false);
  const { members } = conversation;
  const owner = members.some(({ user_id, owner: owns }) => owns && user_id === me.id);
  const shown = members
    .flatMap((member) => {
      const user = people.get(member.user_id);
      return user === undefined ? [] : [{ member, user, seen: seenOf(user, presences) }];
    })
    .sort((a, b) => Number(b.member.owner) - Number(a.member.owner) || a.user.name.localeCompare(b.user.name));
  const online = shown.filter(({ seen }) => seen.presence === "online").length;

  return (
    <>
      <div className="flex flex-col items-center gap-1 px-4 py-6 text-center">
        <GroupPicture conversation={conversation} />
        <GroupName key={conversation.name} id={conversation.id} name={conversation.name ?? ""} />
        <p className="text-sm text-muted">
          {t("groups.members", { count: members.length })}, {t("groups.online", { count: online })}
        </p>
      </div>
      <ChatActions conversation={conversation} onSearch={onSearch} />
      <Block>
        <h3 className="px-3 pt-1 pb-1 text-sm font-semibold text-muted">{t("groups.membersTitle")}</h3>
        <button type="button" onClick={() => setAdding(true)} className={`${ROW} text-accent`}>
          <span aria-hidden className="grid size-10 place-items-center">
            <UserRoundPlus size={22} />
          </span>
          {t("groups.add")}
        </button>
        <ul aria-label={t("groups.membersTitle")}>
          {shown.map(({ member, user, seen }) => (
            <MemberRow
              key={user.id}
              conversationId={conversation.id}
              member={member}
              user={user}
              seen={seen}
              now={now}
              removable={owner && user.id !== me.id}
              onPerson={onPerson}
            />
          ))}
        </ul>
      </Block>
      <Leave conversation={conversation} owner={owner} onLeft={onLeft} />
      {adding && <AddMembers conversation={conversation} onClose={() => setAdding(false)} />}
    </>
  );
}

function Leave({ conversation: { id, name, members }, owner, onLeft }: { conversation: ListedConversation; owner: boolean; onLeft: () => void }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const me = useMe();
  const leave = useRemoveMember(id);
  const [asking, setAsking] = useState(false);
  return (
    <Block>
      <button type="button" onClick={() => setAsking(true)} className={`${ROW} text-danger`}>
        <LogOut size={20} aria-hidden />
        {t("groups.leave")}
      </button>
      {asking && (
        <Confirm
          title={t("groups.leaveAsk", { name: name ?? "" })}
          detail={owner && members.length > 1 ? t("groups.leaveOwnerDetail") : t("groups.leaveDetail")}
          action={t("groups.leave")}
          busy={leave.isPending}
          onConfirm={() =>
            leave.mutate(me.id, {
              onSuccess: onLeft,
              onError: (error) => void toast.error(words(codeOf(error))),
            })
          }
          onClose={() => setAsking(false)}
        />
      )}
    </Block>
  );
}
