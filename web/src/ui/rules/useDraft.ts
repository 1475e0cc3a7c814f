/** The draft of a policy, from what holds to what is saved. It outlives a look at another section. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer, useState, type Dispatch } from "react";
import { toast } from "sonner";
import { useLeaveWarning } from "../useLeaveWarning";

/** Takes over what holds: after loading, saving, or giving up. */
export interface Load<P> {
  type: "load";
  policy: P;
}

/** How one kind of policy is edited. */
export interface Drafts<P, D extends { saved: P }, E> {
  /** Where the policy is kept in the cache; its draft lies beside it. */
  key: string;
  draftOf(policy: P): D;
  edit(draft: D, change: E | Load<P>): D;
  isChanged(draft: D): boolean;
  policyOf(draft: D): P;
  save(policy: P): Promise<P>;
  /** Whether this refusal means that something else holds by now. */
  isOutdated?(error: Error): boolean;
}

export interface Drafting<D, E> {
  draft: D;
  changed: boolean;
  saving: boolean;
  /** Why the server did not take it, until the next edit. */
  error: Error | null;
  change: Dispatch<E>;
  save(): void;
  /** Back to what holds now. */
  discard(): void;
}

/** `done` is said when it is saved. */
export function useDraft<P, D extends { saved: P }, E>(drafts: Drafts<P, D, E>, saved: P, done: string): Drafting<D, E> {
  const cache = useQueryClient();
  const [policyKey, draftKey] = [[drafts.key], [`${drafts.key}-draft`]];
  const [draft, dispatch] = useReducer(drafts.edit, saved, (policy) => cache.getQueryData<D>(draftKey) ?? drafts.draftOf(policy));
  const [seen, setSeen] = useState(saved);
  const changed = drafts.isChanged(draft);
  if (seen !== saved) {
    setSeen(saved);
    // Somebody else has saved. What is being edited here is not taken away.
    if (!changed) dispatch({ type: "load", policy: saved });
  }
  useEffect(() => {
    const key = [`${drafts.key}-draft`];
    if (changed) cache.setQueryData(key, draft);
    else cache.removeQueries({ queryKey: key });
  }, [cache, drafts.key, draft, changed]);
  useLeaveWarning(changed);

  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: drafts.save,
    onSuccess: (policy) => {
      cache.setQueryData(policyKey, policy);
      dispatch({ type: "load", policy });
      toast.success(done);
    },
    onError: (refusal) => {
      if (drafts.isOutdated?.(refusal) === true) void cache.invalidateQueries({ queryKey: policyKey });
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
    save: () => mutate(drafts.policyOf(draft)),
    discard: () => {
      reset();
      dispatch({ type: "load", policy: cache.getQueryData<P>(policyKey) ?? draft.saved });
    },
  };
}
