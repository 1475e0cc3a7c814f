/** The server's routes, each as one function. Paths and bodies are those of `GET /api/openapi.json`. */
import { request } from "./http";
import type { FetchedEvents } from "./socket";
import type { Conversation, Message, Presence, Role, User } from "./types";

export interface Session {
  user: User;
}

export interface InvitationInfo {
  kind: "setup" | "invitation";
  name?: string | null;
  login?: string | null;
}

export interface AcceptInvitation {
  token: string;
  password: string;
  name?: string;
  login?: string;
  email?: string;
}

export interface NewUser {
  name: string;
  login: string;
  email: string;
  role: Role;
}

export interface Invitation {
  url: string;
  expires_at: number;
}

/** A user with their presence at the time of asking. */
export type ListedUser = User & { presence: Presence };

export interface MessagePage {
  messages: Message[];
  more: boolean;
}

export type DefaultPath = "direct" | "media_node";

export interface PathPolicy {
  default: DefaultPath;
}

export type MediaCounters = Record<string, number>;

export const getSession = (): Promise<Session> => request("GET", "/api/session");
export const signIn = (login: string, password: string): Promise<Session> =>
  request("POST", "/api/session", { login, password });
export const signOut = (): Promise<void> => request("DELETE", "/api/session");

export const lookUpInvitation = (token: string): Promise<InvitationInfo> =>
  request("POST", "/api/invitations/lookup", { token });
export const acceptInvitation = (body: AcceptInvitation): Promise<Session> =>
  request("POST", "/api/invitations/accept", body);

export const getUsers = (): Promise<ListedUser[]> => request("GET", "/api/users");
export const addUser = (user: NewUser): Promise<{ user: User; invitation: Invitation }> =>
  request("POST", "/api/users", user);
export const renewInvitation = (userId: string): Promise<Invitation> =>
  request("POST", `/api/users/${userId}/invitation`);
export const changeUser = (userId: string, change: { role?: Role; active?: boolean }): Promise<User> =>
  request("PATCH", `/api/users/${userId}`, change);

export const getConversations = (): Promise<Conversation[]> => request("GET", "/api/conversations");
export const openDirect = (userId: string): Promise<Conversation> =>
  request("POST", "/api/conversations", { user_id: userId });

export const PAGE = 50;

export function getMessages(conversationId: string, before: number | null, signal?: AbortSignal): Promise<MessagePage> {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (before !== null) query.set("before", String(before));
  return request("GET", `/api/conversations/${conversationId}/messages?${query}`, undefined, signal);
}

export const sendMessage = (conversationId: string, clientKey: string, text: string): Promise<Message> =>
  request("POST", `/api/conversations/${conversationId}/messages`, { client_key: clientKey, text });

export const getEvents = (after: number): Promise<FetchedEvents> => request("GET", `/api/events?after=${after}`);

export const getPathPolicy = (): Promise<PathPolicy> => request("GET", "/api/admin/path-policy");
export const setPathPolicy = (policy: PathPolicy): Promise<PathPolicy> =>
  request("PUT", "/api/admin/path-policy", policy);
export const getMediaCounters = (): Promise<MediaCounters> => request("GET", "/api/admin/media");
