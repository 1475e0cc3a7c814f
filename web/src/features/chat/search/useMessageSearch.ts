/** Messages by their text, page by page. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiError } from "../../../api/http";
import { searchMessages } from "../../../api/routes";
import type { Found, Hit } from "../../../api/types";
import { useDebounced } from "../../../lib/useDebounced";

const REST_MS = 250;
/** A single letter begins half of all words. */
const SHORTEST = 2;
const NOTHING: Found = { hits: [], more: false };

async function page(q: string, conversationId: string | undefined, before: number | undefined, signal: AbortSignal): Promise<Found> {
  try {
    return await searchMessages({ q, conversation_id: conversationId, before }, signal);
  } catch (error) {
    // Only dots and dashes so far: the reader is still typing.
    if (error instanceof ApiError && error.code === "bad_query") return NOTHING;
    throw error;
  }
}

export function useMessageSearch(query: string, conversationId?: string) {
  const q = useDebounced(query.trim(), REST_MS);
  const wanted = query.trim().length >= SHORTEST;
  const search = useInfiniteQuery({
    queryKey: ["search", conversationId ?? null, q],
    queryFn: ({ pageParam, signal }) => page(q, conversationId, pageParam, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ hits, more }) => (more ? hits.at(-1)?.message.seq : undefined),
    enabled: wanted && q.length >= SHORTEST,
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });
  const hits = useMemo<Hit[]>(() => search.data?.pages.flatMap((found) => found.hits) ?? [], [search.data]);
  return {
    ...search,
    /** Whether there is enough to look for. */
    wanted,
    hits: wanted ? hits : [],
    /** The answer to what is typed now is still to come. */
    searching: wanted && (q !== query.trim() || search.isPending || search.isPlaceholderData),
  };
}
