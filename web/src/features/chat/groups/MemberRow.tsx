/** One member of a group: a click writes to them; its owner may remove them. */
import { Crown, UserRoundMinus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import type { ListedUser, Member } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { Avatar } from "../../../ui/Avatar";
import { IconButton } from "../../../ui/Button";
import { Confirm } from "../../../ui/Confirm";
import { RoleBadge, useMe, usePresenceWords, type Seen } from "../../users";
import { useRemoveMember } from "./useGroups";

export interface MemberRowProps {
  conversationId: string;
  member: Member;
  user: ListedUser;
  seen: Seen;
  now: number;
  removable: boolean;
  onPerson(userId: string): void;
}

export function MemberRow({ conversationId, member, user, seen, now, removable, onPerson }: MemberRowProps) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const presenceWords = usePresenceWords();
  const me = useMe();
  const remove = useRemoveMember(conversationId);
  const [asking, setAsking] = useState(false);
  const own = user.id === me.id;
  const line = (
    <>
      <Avatar id={user.id} name={user.name} picture={user.picture} size="md" presence={seen.presence} />
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-1.5">
          <span className="flex h-5 min-w-0 flex-wrap items-center gap-x-1.5 overflow-hidden">
            <span className="max-w-full truncate">
              {user.name} {own && <span className="text-muted">({t("people.you")})</span>}
            </span>
            <RoleBadge role={user.role} />
          </span>
          {member.owner && <Crown size={15} role="img" aria-label={t("groups.owner")} className="shrink-0 text-away" />}
        </span>
        <span className="block truncate text-sm text-muted">{presenceWords(user, seen, now)}</span>
      </span>
    </>
  );
  const box = "flex h-14 min-w-0 flex-1 items-center gap-3 rounded-xl px-3 text-left outline-offset-[-2px]";
  return (
    <li className="flex items-center">
      {own ? (
        <span className={box}>{line}</span>
      ) : (
        <button type="button" onClick={() => onPerson(user.id)} className={`${box} hover:bg-panel`}>
          {line}
        </button>
      )}
      {removable && (
        <IconButton label={t("groups.removeMember", { name: user.name })} onClick={() => setAsking(true)} className="text-muted hover:bg-panel hover:text-danger">
          <UserRoundMinus size={18} />
        </IconButton>
      )}
      {asking && (
        <Confirm
          title={t("groups.removeAsk", { name: user.name })}
          detail={t("groups.removeDetail")}
          action={t("groups.removeSubmit")}
          busy={remove.isPending}
          onConfirm={() =>
            remove.mutate(user.id, {
              onSettled: () => setAsking(false),
              onError: (error) => void toast.error(words(codeOf(error))),
            })
          }
          onClose={() => setAsking(false)}
        />
      )}
    </li>
  );
}
