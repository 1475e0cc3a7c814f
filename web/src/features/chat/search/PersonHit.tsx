/** A colleague that was found by name, with the place where. */
import type { ListedUser } from "../../../api/types";
import { Avatar } from "../../../ui/Avatar";
import { Highlight } from "../../../ui/Highlight";
import { RoleBadge, usePresenceWords, type Seen } from "../../users";

export interface PersonHitProps {
  user: ListedUser;
  seen: Seen;
  now: number;
  query: string;
  onChoose(userId: string): void;
}

export function PersonHit({ user, seen, now, query, onChoose }: PersonHitProps) {
  const words = usePresenceWords();
  return (
    <li>
      <button
        type="button"
        onClick={() => onChoose(user.id)}
        className="flex h-16 w-full items-center gap-3 rounded-2xl px-2 text-left outline-offset-[-2px] hover:bg-panel"
      >
        <Avatar id={user.id} name={user.name} picture={user.picture} presence={seen.presence} />
        <span className="min-w-0 flex-1">
          <span className="flex h-5 flex-wrap items-center gap-x-2 overflow-hidden">
            <span className="max-w-full truncate font-medium">
              <Highlight text={user.name} query={query} />
            </span>
            <RoleBadge role={user.role} />
          </span>
          <span className="block truncate text-sm text-muted">{words(user, seen, now)}</span>
        </span>
      </button>
    </li>
  );
}
