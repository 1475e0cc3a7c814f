/** Short names for the generated wire types, so that nobody spells `components["schemas"]` elsewhere. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Role = Schemas["Role"];
export type Presence = Schemas["Presence"];
export type User = Schemas["User"];
export type Conversation = Schemas["Conversation"];
export type Message = Schemas["Message"];
export type CallKind = Schemas["CallKind"];
export type CallPath = Schemas["Path"];
export type CallRecord = Schemas["CallRecord"];
export type CallState = Schemas["CallState"];
export type Outcome = Schemas["Outcome"];
export type Signal = Schemas["Signal"];
export type StoredEvent = Schemas["StoredEvent"];
export type ClientFrame = Schemas["ClientFrame"];
export type ServerFrame = Schemas["ServerFrame"];
