/** One recording, and what changes it. */
import { useMutation, useQuery, useQueryClient, type UseMutationResult } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { getRecording } from "../../../api/recordings";
import { useErrorWords } from "../../../i18n/errorWords";

const keyOf = (id: string) => ["recording", id] as const;

export function useRecording(id: string) {
  // Each asking is an entry in the log: it is not asked again by itself.
  return useQuery({ queryKey: keyOf(id), queryFn: () => getRecording(id), staleTime: Infinity, gcTime: 0 });
}

/** Does something about the recording, says that it is done, and looks at it again. */
export function useChange<Input>(id: string, change: (input: Input) => Promise<unknown>, done?: string): UseMutationResult<unknown, Error, Input> {
  const { t } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      toast.success(done ?? t("recordings.saved"));
      void cache.invalidateQueries({ queryKey: ["recordings"] });
      return cache.invalidateQueries({ queryKey: keyOf(id) });
    },
    onError: (error) => void toast.error(words(codeOf(error))),
  });
}
