/** One conversation of the archive, its messages, and what changes its holds. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient, type UseMutationResult } from "@tanstack/react-query";
import { toast } from "sonner";
import { getArchivedConversation, getArchivedMessages, type ArchivedMessages, type ArchivedStretch } from "../../../api/archive";
import { codeOf } from "../../../api/http";
import { useErrorWords } from "../../../i18n/errorWords";

const LIMIT = 50;

export const HOLDS_KEY = ["archive-holds"] as const;

// Each asking is an entry in the log: it is not asked again by itself.
const ONCE = { staleTime: Infinity, gcTime: 0 } as const;

export function useArchived(id: string) {
  return useQuery({ queryKey: ["archived", id], queryFn: () => getArchivedConversation(id), ...ONCE });
}

/** A contiguous stretch that grows at both ends. `at`: where it begins; nothing: at the newest. */
export function useArchivedMessages(id: string, at: Pick<ArchivedStretch, "around" | "at">) {
  return useInfiniteQuery({
    queryKey: ["archived-messages", id, at],
    queryFn: ({ pageParam }) => getArchivedMessages(id, { ...pageParam, limit: LIMIT }),
    initialPageParam: at as ArchivedStretch,
    getPreviousPageParam: (page: ArchivedMessages): ArchivedStretch | null => {
      const first = page.messages[0];
      return page.more && first !== undefined ? { before: first.seq } : null;
    },
    getNextPageParam: (page: ArchivedMessages): ArchivedStretch | null => {
      const last = page.messages.at(-1);
      return page.more_after && last !== undefined ? { after: last.seq } : null;
    },
    ...ONCE,
  });
}

/** Does something about holds, says that it is done, and looks again at what is shown. */
export function useHolding<Input>(change: (input: Input) => Promise<unknown>, done: string): UseMutationResult<unknown, Error, Input> {
  const words = useErrorWords();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      toast.success(done);
      void cache.invalidateQueries({ queryKey: ["archived"] });
      void cache.invalidateQueries({ queryKey: ["archive"] });
      return cache.invalidateQueries({ queryKey: HOLDS_KEY });
    },
    onError: (error) => void toast.error(words(codeOf(error))),
  });
}
