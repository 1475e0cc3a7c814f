/** One's own calls from the server, 50 at a time, kept current by the events of calls that end. */
import { useInfiniteQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useSocketListener } from "../../../api/context";
import { getCalls } from "../../../api/routes";
import type { SocketListener } from "../../../api/socket";
import type { CallEntry } from "../../../api/types";
import { useMe } from "../../users";
import { isMissed } from "../callWords";
import { entryOf, withEntry, type Pages } from "./entries";

const LIMIT = 50;
const KEY = ["calls"] as const;
const keyOf = (missed: boolean) => [...KEY, missed] as const;

export function useCallLog(missed: boolean) {
  return useInfiniteQuery({
    queryKey: keyOf(missed),
    queryFn: ({ pageParam }) => getCalls({ limit: LIMIT, missed, ...(pageParam === null ? {} : { before: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ calls, more }) => (more ? calls.at(-1)?.id : undefined),
    staleTime: Infinity,
  });
}

function add(cache: QueryClient, me: string, entry: CallEntry): void {
  for (const missed of [false, true]) {
    if (missed && !isMissed(entry, entry.caller_id === me)) continue;
    cache.setQueryData<Pages>(keyOf(missed), (known) => known && { ...known, pages: withEntry(known.pages, entry) });
  }
}

/** Feeds the lists from the socket. Mounted once. */
export function useCallLogFeed(): void {
  const cache = useQueryClient();
  const { id: me } = useMe();
  useSocketListener(
    useMemo<SocketListener>(
      () => ({
        event: (event) => {
          const entry = entryOf(event);
          // Of groups there are no calls; who is told of a call has been in it.
          if (entry !== null) add(cache, me, entry);
        },
        reset: () => void cache.invalidateQueries({ queryKey: KEY }),
      }),
      [cache, me],
    ),
  );
}
