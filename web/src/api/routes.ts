/**
 * The server's routes, each as one function. Paths, parameters, bodies and answers are checked against the generated schema:
 * a route that has changed does not compile.
 */
import { request, type Method } from "./http";
import type { paths } from "./schema";
import type {
  AcceptInvitation,
  Conversation,
  EventPage,
  History,
  InvitationInfo,
  InvitationLink,
  ListedUser,
  MediaReport,
  Message,
  NewUser,
  PathPolicy,
  SignedIn,
  User,
  UserChange,
} from "./types";

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : void;

/** What a route answers when it succeeds. */
type Answer<Operation> = Operation extends { responses: infer R }
  ? { [Status in keyof R & (200 | 201 | 204)]: Json<R[Status]> }[keyof R & (200 | 201 | 204)]
  : never;

interface Input<Operation> {
  path?: Operation extends { parameters: { path: infer P } } ? P : never;
  query?: Operation extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;
  body?: Operation extends { requestBody: infer B } ? Json<B> : never;
  signal?: AbortSignal | undefined;
}

/** `{id}` in the path is replaced; a query field that is unset is left out. */
function call<P extends keyof paths, M extends keyof paths[P] & Method>(
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
  return request(method, query.size > 0 ? `${filled}?${query}` : filled, input.body, input.signal);
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

export const getConversations = (): Promise<Conversation[]> => call("get", "/api/conversations");
/** Finds or makes the direct conversation with a user. */
export const openDirect = (userId: string): Promise<Conversation> =>
  call("post", "/api/conversations", { body: { user_id: userId } });

/** Messages of one page. */
const PAGE = 50;

/** The newest before `before`, or of all; oldest first. */
export const getMessages = (id: string, before: number | null, signal?: AbortSignal): Promise<History> =>
  call("get", "/api/conversations/{id}/messages", { path: { id }, query: { before: before ?? undefined, limit: PAGE }, signal });
export const sendMessage = (id: string, clientKey: string, text: string): Promise<Message> =>
  call("post", "/api/conversations/{id}/messages", { path: { id }, body: { client_key: clientKey, text } });

export const getEvents = (after: number): Promise<EventPage> => call("get", "/api/events", { query: { after } });

export const getPathPolicy = (): Promise<PathPolicy> => call("get", "/api/admin/path-policy");
export const setPathPolicy = (body: PathPolicy): Promise<PathPolicy> =>
  call("put", "/api/admin/path-policy", { body });
export const getMediaReport = (): Promise<MediaReport> => call("get", "/api/admin/media");
