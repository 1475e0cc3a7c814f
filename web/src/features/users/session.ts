/** Who is signed in, and how one gets in and out. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "../../api/http";
import { acceptInvitation, getSession, signIn, signOut } from "../../api/routes";
import type { AcceptInvitation, User } from "../../api/types";

export const SESSION_KEY = ["session"] as const;

/** `null` when nobody is signed in. */
export function useSession() {
  return useQuery({
    queryKey: SESSION_KEY,
    queryFn: async (): Promise<User | null> => {
      try {
        return (await getSession()).user;
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: Infinity,
  });
}

/** For what is shown to signed-in users only. */
export function useMe(): User {
  const { data } = useSession();
  if (data === undefined || data === null) throw new Error("useMe before sign-in");
  return data;
}

export function useSignIn() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ login, password }: { login: string; password: string }) => signIn(login, password),
    onSuccess: ({ user }) => cache.setQueryData(SESSION_KEY, user),
  });
}

export function useAcceptInvitation() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: AcceptInvitation) => acceptInvitation(body),
    onSuccess: ({ user }) => cache.setQueryData(SESSION_KEY, user),
  });
}

/** Whatever was fetched belongs to the one who leaves. */
export function useSignOut() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      cache.clear();
      cache.setQueryData(SESSION_KEY, null);
    },
  });
}
