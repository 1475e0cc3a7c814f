/** What members do with a group. Each shows the server's answer at once; everybody else hears of it by an event. */
import { useMutation } from "@tanstack/react-query";
import { addMembers, createGroup, removeMember, removePicture, renameGroup, setPicture } from "../../../api/routes";
import { useTakeConversation } from "../conversations";

export function useCreateGroup() {
  const take = useTakeConversation();
  return useMutation({
    mutationFn: ({ name, userIds }: { name: string; userIds: string[] }) => createGroup(name, userIds),
    onSuccess: take,
  });
}

export function useRenameGroup(id: string) {
  return useMutation({ mutationFn: (name: string) => renameGroup(id, name) });
}

export function useAddMembers(id: string) {
  return useMutation({ mutationFn: (userIds: string[]) => addMembers(id, userIds) });
}

/** Oneself: leaves. */
export function useRemoveMember(id: string) {
  return useMutation({ mutationFn: (userId: string) => removeMember(id, userId) });
}

/** Null: without a picture. */
export function useSetGroupPicture(id: string) {
  return useMutation({ mutationFn: (file: Blob | null) => (file === null ? removePicture(id) : setPicture(id, file)) });
}
