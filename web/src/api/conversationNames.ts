/** Conversations by their names, for the rules of admins. */
import { call } from "./routes";
import type { components } from "./schema";

export type NamedConversation = components["schemas"]["NamedConversation"];

/** At most 50. The server notes who has looked for what. */
export const findConversations = (query: { q?: string; id?: string }): Promise<NamedConversation[]> => call("get", "/api/admin/conversations", { query });
