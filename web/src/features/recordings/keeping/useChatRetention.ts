/** How long messages are kept: what holds, and how it is changed. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { getChatRetention, setChatRetention, type ChatRetention } from "../../../api/archive";
import { codeOf } from "../../../api/http";

const KEY = ["chat-retention"] as const;

export function useChatRetention() {
  return useQuery({ queryKey: KEY, queryFn: getChatRetention });
}

export function useSetChatRetention() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: setChatRetention,
    onSuccess: (policy) => {
      cache.setQueryData<ChatRetention>(KEY, policy);
      toast.success(t("archive.policy.saved"));
    },
    onError: (error) => {
      if (codeOf(error) === "policy_changed") void cache.invalidateQueries({ queryKey: KEY });
    },
  });
}

/** Days, or for ever as more than any. */
const span = (days: number | null | undefined): number => days ?? Infinity;

/** Whether something may go sooner than before: a shorter span, or a longer rule that is gone. */
export function isShorter(before: ChatRetention, after: ChatRetention): boolean {
  const shortest = ({ retention_days, rules }: ChatRetention): number => Math.min(span(retention_days), ...rules.map((rule) => span(rule.retention_days)));
  const kept = before.rules.every((old) => after.rules.some((now) => JSON.stringify(now.match) === JSON.stringify(old.match) && span(now.retention_days) >= span(old.retention_days)));
  const added = after.rules.some((now) => !before.rules.some((old) => JSON.stringify(now.match) === JSON.stringify(old.match)) && span(now.retention_days) < span(before.retention_days));
  return shortest(after) < shortest(before) || span(after.retention_days) < span(before.retention_days) || !kept || added;
}
