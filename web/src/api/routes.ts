/**
 * The server's routes, each as one function. Paths, parameters, bodies and answers are checked against the generated schema:
 * a route that has changed does not compile.
 */
import { request, type Method, type RequestOptions } from "./http";
import type { paths } from "./schema";
import type {
  AcceptInvitation,
  AuditPage,
  CallMove,
  CallPage,
  Conversation,
  EventPage,
  Findings,
  Found,
  History,
  IceServers,
  InvitationInfo,
  InvitationLink,
  ListedConversation,
  ListedUser,
  LoopbackEnd,
  MailChange,
  MailOutcome,
  MailReport,
  Message,
  MessageVersion,
  NewMessage,
  NewUser,
  OtherSession,
  PasswordChange,
  CheckPage,
  PathPolicy,
  PathTrial,
  PathTrialResult,
  RelayReport,
  PushSubscriptionBody,
  Settings,
  SettingsChange,
  SignedIn,
  StartedCheck,
  UploadLimits,
  UploadReport,
  User,
  UserChange,
} from "./types";

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : void;

/** What a route answers when it succeeds. */
type Answer<Operation> = Operation extends { responses: infer R }
  ? { [Status in keyof R & (200 | 201 | 204)]: Json<R[Status]> }[keyof R & (200 | 201 | 204)]
  : never;

interface Input<Operation> extends RequestOptions {
  path?: Operation extends { parameters: { path: infer P } } ? P : never;
  query?: Operation extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;
  body?: Operation extends { requestBody: infer B } ? Json<B> : never;
}

/** `{id}` in the path is replaced; a query field that is unset is left out. */
export function call<P extends keyof paths, M extends keyof paths[P] & Method>(
  method: M,
  path: P,
  input: Input<paths[P][M]> = {},
): Promise<Answer<paths[P][M]>> {
  const values: Record<string, string> = input.path ?? {};
  const filled = path.replace(/\{(\w+)\}/gu, (_, name: string) => encodeURIComponent(values[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries<unknown>(input.query ?? {})) {
    if (value != null) query.set(name, String(value));
  }
  return request(method, query.size > 0 ? `${filled}?${query}` : filled, input.body, input);
}

export const getSession = (): Promise<SignedIn> => call("get", "/api/session");
export const signIn = (login: string, password: string): Promise<SignedIn> =>
  call("post", "/api/session", { body: { login, password } });
export const signOut = (): Promise<void> => call("delete", "/api/session");

export const lookUpInvitation = (token: string): Promise<InvitationInfo> =>
  call("post", "/api/invitations/lookup", { body: { token } });
export const acceptInvitation = (body: AcceptInvitation): Promise<SignedIn> =>
  call("post", "/api/invitations/accept", { body });

export const getUsers = (): Promise<ListedUser[]> => call("get", "/api/users");
export const addUser = (body: NewUser): Promise<{ user: User; invitation: InvitationLink }> =>
  call("post", "/api/users", { body });
export const renewInvitation = (id: string): Promise<InvitationLink> =>
  call("post", "/api/users/{id}/invitation", { path: { id } });
export const changeUser = (id: string, body: UserChange): Promise<User> =>
  call("patch", "/api/users/{id}", { path: { id }, body });

export const getSettings = (): Promise<Settings> => call("get", "/api/users/me/settings");
export const changeSettings = (body: SettingsChange): Promise<Settings> =>
  call("patch", "/api/users/me/settings", { body });
export const changePassword = (body: PasswordChange): Promise<void> => call("put", "/api/users/me/password", { body });
/** The server makes it square and small. */
export const setOwnPicture = (image: Blob): Promise<void> => request("put", "/api/users/me/picture", image);
export const removeOwnPicture = (): Promise<void> => request("delete", "/api/users/me/picture");
export const getOtherSessions = (): Promise<OtherSession[]> => call("get", "/api/session/others");
export const endOtherSessions = (): Promise<void> => call("delete", "/api/session/others");

/** Which part of the audit log; what is unset does not matter. */
export interface AuditFilter {
  actor_id?: string;
  action?: string;
}
export const getAudit = (filter: AuditFilter & { before?: string }): Promise<AuditPage> =>
  call("get", "/api/admin/audit", { query: filter });
/** Where the log is downloaded as a table. */
export const auditTableUrl = (filter: AuditFilter): string =>
  `/api/admin/audit.csv?${new URLSearchParams(Object.entries(filter))}`;

export const getConversations = (): Promise<ListedConversation[]> => call("get", "/api/conversations");
/** Finds or makes the direct conversation with a user. */
export const openDirect = (userId: string): Promise<Conversation> =>
  call("post", "/api/conversations", { body: { user_id: userId } });
export const createGroup = (name: string, userIds: string[]): Promise<Conversation> =>
  call("post", "/api/groups", { body: { name, user_ids: userIds } });
export const renameGroup = (id: string, name: string): Promise<Conversation> =>
  call("patch", "/api/conversations/{id}", { path: { id }, body: { name } });
export const addMembers = (id: string, userIds: string[]): Promise<Conversation> =>
  call("post", "/api/conversations/{id}/members", { path: { id }, body: { user_ids: userIds } });
/** Oneself: leaves. Somebody else: only the owner may. */
export const removeMember = (id: string, userId: string): Promise<void> =>
  call("delete", "/api/conversations/{id}/members/{user_id}", { path: { id, user_id: userId } });
/** The bytes of an image, as they are. */
export const setPicture = (id: string, image: Blob): Promise<void> =>
  request("put", `/api/conversations/${encodeURIComponent(id)}/picture`, image);
export const removePicture = (id: string): Promise<void> =>
  request("delete", `/api/conversations/${encodeURIComponent(id)}/picture`);
export const markRead = (id: string, seq: number): Promise<void> =>
  call("put", "/api/conversations/{id}/read", { path: { id }, body: { seq } });
/** Empty without a reply: no draft any more. */
/** `leaving`: the page may be gone before the answer. */
export const saveDraft = (id: string, text: string, replyTo: string | null, leaving = false): Promise<void> =>
  call("put", "/api/conversations/{id}/draft", { path: { id }, body: { text, reply_to: replyTo }, keepalive: leaving });
export const setMuted = (id: string, muted: boolean): Promise<void> =>
  call("put", "/api/conversations/{id}/muted", { path: { id }, body: { muted } });

/** Messages of one page. */
const PAGE = 50;

/** Which stretch of a conversation; none of them: the newest. */
export interface Stretch {
  before?: number;
  after?: number;
  around?: number;
}

/** Oldest first. */
export const getMessages = (id: string, stretch: Stretch, signal?: AbortSignal): Promise<History> =>
  call("get", "/api/conversations/{id}/messages", { path: { id }, query: { ...stretch, limit: PAGE }, signal });
export const sendMessage = (id: string, body: NewMessage): Promise<Message> =>
  call("post", "/api/conversations/{id}/messages", { path: { id }, body });
export const editMessage = (id: string, text: string): Promise<Message> =>
  call("patch", "/api/messages/{id}", { path: { id }, body: { text } });
export const deleteMessage = (id: string): Promise<Message> => call("delete", "/api/messages/{id}", { path: { id } });
export const getVersions = (id: string): Promise<MessageVersion[]> =>
  call("get", "/api/messages/{id}/versions", { path: { id } });
export const searchMessages = (
  query: { q: string; conversation_id?: string; before?: number },
  signal?: AbortSignal,
): Promise<Found> => call("get", "/api/search/messages", { query, signal });

export const getEvents = (after: number): Promise<EventPage> => call("get", "/api/events", { query: { after } });

/** One's own calls, the newest first. */
export const getCalls = (query: { before?: string; limit?: number; missed?: boolean }): Promise<CallPage> =>
  call("get", "/api/calls", { query });
export const startCheck = (): Promise<StartedCheck> => call("post", "/api/connection-checks");
export const offerLoopback = (id: string, end: LoopbackEnd, sdp: string): Promise<{ sdp: string }> =>
  call("post", "/api/connection-checks/{id}/offer", { path: { id }, body: { end, sdp } });
export const finishCheck = (id: string, body: Findings): Promise<void> =>
  call("put", "/api/connection-checks/{id}", { path: { id }, body });

export const getPathPolicy = (): Promise<PathPolicy> => call("get", "/api/admin/path-policy");
export const setPathPolicy = (body: PathPolicy): Promise<PathPolicy> =>
  call("put", "/api/admin/path-policy", { body });
/** What the policy, or a draft of one, would say of a call. */
export const tryPathPolicy = (body: PathTrial, signal?: AbortSignal): Promise<PathTrialResult> =>
  call("post", "/api/admin/path-policy/try", { body, signal });
/** Puts an answered call on another path. */
export const moveCall = (id: string, path: CallMove["path"]): Promise<void> =>
  call("post", "/api/admin/calls/{id}/path", { path: { id }, body: { path } });
/** With fresh credentials, for an ICE restart in a long call. */
export const getIceServers = (id: string): Promise<IceServers> =>
  call("post", "/api/calls/{id}/ice-servers", { path: { id } });
/** Its sentences are in the reader's language. */
export const getRelay = (language: NonNullable<Settings["language"]>): Promise<RelayReport> =>
  call("get", "/api/admin/relay", { query: { language } });
/** Everybody's connection checks, the newest first. */
export const getChecks = (query: { before?: string; failed?: boolean; limit?: number }): Promise<CheckPage> =>
  call("get", "/api/admin/connection-checks", { query });

export const getUploads = (): Promise<UploadReport> => call("get", "/api/admin/uploads");
export const setUploads = (body: UploadLimits): Promise<UploadReport> => call("put", "/api/admin/uploads", { body });

export const getMail = (): Promise<MailReport> => call("get", "/api/admin/mail");
export const setMail = (body: MailChange): Promise<MailReport> => call("put", "/api/admin/mail", { body });
/** To the admin who asks. */
export const testMail = (): Promise<MailOutcome> => call("post", "/api/admin/mail/test");
/** Makes a new link and mails it; the page does not see it. */
export const mailInvitation = (id: string): Promise<MailOutcome> =>
  call("post", "/api/users/{id}/invitation/mail", { path: { id } });

export const getPushKey = (): Promise<{ key: string }> => call("get", "/api/push/key");
export const putPushSubscription = (body: PushSubscriptionBody): Promise<void> =>
  call("put", "/api/push/subscription", { body });
export const deletePushSubscription = (): Promise<void> => call("delete", "/api/push/subscription");
