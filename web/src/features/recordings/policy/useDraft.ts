/** The draft of the recording policy, from what holds to what is saved. It outlives a look at another section. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer, useState, type Dispatch } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { getRecordingPolicy, setRecordingPolicy, type RecordingPolicy } from "../../../api/recordings";
import { useLeaveWarning } from "../../../ui/useLeaveWarning";
import { draftOf, edit, isChanged, policyOf, type Draft, type Edit } from "./draft";

const POLICY_KEY = ["recording-policy"] as const;
const DRAFT_KEY = ["recording-policy-draft"] as const;

export function usePolicy() {
  return useQuery({ queryKey: POLICY_KEY, queryFn: getRecordingPolicy });
}

export interface Drafting {
  draft: Draft;
  changed: boolean;
  saving: boolean;
  /** Why the server did not take it, until the next edit. */
  error: Error | null;
  change: Dispatch<Edit>;
  save(): void;
}

export function useDraft(saved: RecordingPolicy): Drafting {
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
    mutationFn: setRecordingPolicy,
    onSuccess: (policy) => {
      cache.setQueryData(POLICY_KEY, policy);
      dispatch({ type: "load", policy });
      toast.success(t("recordingAdmin.savedDone"));
    },
    onError: (refusal) => {
      // What holds now is what giving up goes back to.
      if (codeOf(refusal) === "policy_changed") void cache.invalidateQueries({ queryKey: POLICY_KEY });
    },
  });
  return {
    draft,
    changed,
    saving: isPending,
    error,
    change: (next) => {
      reset();
      dispatch(next.type === "load" ? { type: "load", policy: cache.getQueryData<RecordingPolicy>(POLICY_KEY) ?? next.policy } : next);
    },
    save: () => mutate(policyOf(draft)),
  };
}
