/** What a conversation looks like to its reader: a group by its own name and picture, a direct one by the other person. */
import { useMemo } from "react";
import type { Conversation, ListedUser } from "../../api/types";
import { useMe, useUsers } from "../users";
import { otherMember } from "./conversations";

export interface Face {
  /** Of whom the avatar's colours are. */
  id: string;
  name: string;
  picture: string | null;
  /** The other one of a direct conversation, once known. */
  peer: ListedUser | undefined;
}

export type People = ReadonlyMap<string, ListedUser>;

export function faceOf(conversation: Conversation, me: string, people: People): Face {
  if (conversation.kind === "group") {
    return { id: conversation.id, name: conversation.name ?? "…", picture: conversation.picture ?? null, peer: undefined };
  }
  const id = otherMember(conversation, me);
  const peer = people.get(id);
  return { id, name: peer?.name ?? "…", picture: peer?.picture ?? null, peer };
}

/** Everybody by id. */
export function usePeople(): People {
  const { data } = useUsers();
  return useMemo(() => new Map((data ?? []).map((user) => [user.id, user])), [data]);
}

export function useFace(conversation: Conversation | undefined): Face | undefined {
  const { id: me } = useMe();
  const people = usePeople();
  return useMemo(() => conversation && faceOf(conversation, me, people), [conversation, me, people]);
}
