/** The list of staff, kept current by events, and who is reachable now. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi, useSocketListener } from "../../api/context";
import { getUsers } from "../../api/routes";
import type { SocketListener } from "../../api/socket";
import type { ListedUser, Presence, StoredEvent, User } from "../../api/types";
import { SESSION_KEY } from "./session";

const USERS_KEY = ["users"] as const;
const PRESENCE_KEY = ["presence"] as const;

export interface Seen {
  presence: Presence;
  lastSeenAt: number | null;
}
/** What the socket has said since its hello. */
export type Presences = Readonly<Record<string, Seen>>;
const NOBODY: Presences = {};

/** Pure and idempotent: the same event twice changes nothing. */
export function applyUserEvent(users: ListedUser[], event: StoredEvent): ListedUser[] {
  if (event.type !== "user_changed") return users;
  const { user } = event;
  return users.some(({ id }) => id === user.id)
    ? users.map((old) => (old.id === user.id ? { ...old, ...user } : old))
    : [...users, { ...user, presence: "offline" }];
}

export function useUsers() {
  const { log } = useApi();
  return useQuery({
    queryKey: USERS_KEY,
    queryFn: () => log.fetch(getUsers, applyUserEvent),
    staleTime: Infinity,
  });
}

export function useUser(id: string | undefined): ListedUser | undefined {
  const { data } = useUsers();
  return useMemo(() => data?.find((user) => user.id === id), [data, id]);
}

export function usePresences(): Presences {
  const { data } = useQuery<Presences>({ queryKey: PRESENCE_KEY, queryFn: () => NOBODY, staleTime: Infinity });
  return data ?? NOBODY;
}

/** What the socket said last; before it said anything, what the list said. */
export function seenOf(user: ListedUser, presences: Presences): Seen {
  return presences[user.id] ?? { presence: user.presence, lastSeenAt: user.last_seen_at ?? null };
}

/** Unknown users are offline. */
export function usePresence(id: string | undefined): Seen {
  const user = useUser(id);
  const presences = usePresences();
  return user === undefined ? { presence: "offline", lastSeenAt: null } : seenOf(user, presences);
}

/** Feeds the caches of this feature from the socket. Mounted once. */
export function useUsersFeed(): void {
  const cache = useQueryClient();
  const listener = useMemo<SocketListener>(
    () => ({
      event: (event) => {
        cache.setQueryData<ListedUser[]>(USERS_KEY, (users) => users && applyUserEvent(users, event));
        if (event.type === "user_changed") {
          cache.setQueryData<User | null>(SESSION_KEY, (me) => (me?.id === event.user.id ? event.user : me));
        }
      },
      frame: (frame) => {
        if (frame.type === "hello") {
          // Presences are no events: those of the time without a socket are in the list only.
          cache.setQueryData<Presences>(PRESENCE_KEY, NOBODY);
          void cache.invalidateQueries({ queryKey: USERS_KEY });
        }
        if (frame.type !== "presence") return;
        cache.setQueryData<Presences>(PRESENCE_KEY, (seen) => ({
          ...seen,
          [frame.user_id]: { presence: frame.presence, lastSeenAt: frame.last_seen_at ?? null },
        }));
      },
    }),
    [cache],
  );
  useSocketListener(listener);
}

/** Puts the server's answer about one user into the list without waiting for its event. */
export function useUpdateUser(): (user: User) => void {
  const cache = useQueryClient();
  return (user) =>
    cache.setQueryData<ListedUser[]>(
      USERS_KEY,
      (users) => users && applyUserEvent(users, { id: 0, type: "user_changed", user }),
    );
}
