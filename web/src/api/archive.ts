/** The chat as compliance officers see it, and how long it is kept. */
import { call } from "./routes";
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type ArchivedConversation = Schemas["ArchivedConversation"];
export type ArchivedDetail = Schemas["ArchivedDetail"];
export type ArchivedMessage = Schemas["ArchivedMessage"];
export type ArchivedMessages = Schemas["ArchivedMessages"];
export type ConversationHold = Schemas["ConversationHold"];
export type NewConversationHold = Schemas["NewConversationHold"];
export type ChatRetention = Schemas["ChatRetention"];
export type ChatRetentionRule = Schemas["ChatRetentionRule"];
/** What conversations are searched by, without where the list goes on. */
export type ConversationQuery = Omit<NonNullable<operations["archived_conversations"]["parameters"]["query"]>, "before" | "limit">;
export type ArchivedStretch = NonNullable<operations["archived_messages"]["parameters"]["query"]>;

export const getArchivedConversations = (query: ConversationQuery & { before?: number; limit?: number }): Promise<Schemas["ArchivedConversations"]> =>
  call("get", "/api/archive/conversations", { query });
export const getArchivedConversation = (id: string): Promise<ArchivedDetail> => call("get", "/api/archive/conversations/{id}", { path: { id } });
export const getArchivedMessages = (id: string, query: ArchivedStretch): Promise<ArchivedMessages> =>
  call("get", "/api/archive/conversations/{id}/messages", { path: { id }, query });
/** By what they say or said. */
export const searchArchive = (query: operations["search_archive"]["parameters"]["query"]): Promise<Schemas["ArchivedHits"]> =>
  call("get", "/api/archive/messages", { query });
/** Downloaded from there; the server notes it before the first byte. */
export const archivedFileUrl = (id: string): string => `/api/archive/attachments/${encodeURIComponent(id)}?download=1`;
export const getConversationHolds = (): Promise<ConversationHold[]> => call("get", "/api/archive/holds");
export const holdConversations = (body: NewConversationHold): Promise<ConversationHold> => call("post", "/api/archive/holds", { body });
export const releaseConversations = (id: string): Promise<void> => call("post", "/api/archive/holds/{id}/release", { path: { id } });
export const getChatRetention = (): Promise<ChatRetention> => call("get", "/api/admin/chat-retention");
/** Its version is that of the policy that was changed. */
export const setChatRetention = (body: ChatRetention): Promise<ChatRetention> => call("put", "/api/admin/chat-retention", { body });
