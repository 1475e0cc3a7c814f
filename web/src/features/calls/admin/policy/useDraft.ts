/** The draft of the path policy, from what holds to what is saved. It outlives a look at another section. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer, useState, type Dispatch } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { setPathPolicy } from "../../../../api/routes";
import type { PathPolicy } from "../../../../api/types";
import { useLeaveWarning } from "../../../../ui/useLeaveWarning";
import { draftOf, edit, isChanged, policyOf, type Draft, type Edit } from "./draft";

export const POLICY_KEY = ["path-policy"] as const;
const DRAFT_KEY = ["path-policy-draft"] as const;

export interface Drafting {
  draft: Draft;
  changed: boolean;
  saving: boolean;
  /** Why the server did not take it, until the next edit. */
  error: Error | null;
  change: Dispatch<Edit>;
  save(): void;
}

export function useDraft(saved: PathPolicy): Drafting {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [draft, dispatch] = useReducer(edit, saved, (policy) => cache.getQueryData<Draft>(DRAFT_KEY) ?? draftOf(policy));
  const [seen, setSeen] = useState(saved);
  const changed = isChanged(draft);
  if (seen !== saved) {
    setSeen(saved);
    // Somebody else has saved. What is being edited here is not taken away.
    if (!changed) dispatch({ type: "load", policy: saved });
  }
  useEffect(() => {
    if (changed) cache.setQueryData(DRAFT_KEY, draft);
    else cache.removeQueries({ queryKey: DRAFT_KEY });
  }, [cache, draft, changed]);
  useLeaveWarning(changed);

  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: setPathPolicy,
    onSuccess: (policy) => {
      cache.setQueryData(POLICY_KEY, policy);
      dispatch({ type: "load", policy });
      toast.success(t("callAdmin.policy.saved"));
    },
  });
  return {
    draft,
    changed,
    saving: isPending,
    error,
    change: (next) => {
      reset();
      dispatch(next);
    },
    save: () => mutate(policyOf(draft)),
  };
}
