/**
 * What each chat's input is about to do: write something new, reply, or edit. Outside React, so that the menu of a message can
 * say so without drawing the input anew for every message. Read it with `useComposing`, change it with `useCompose` (context.tsx).
 */
import type { Message, Quote } from "../../api/types";
import { Store } from "../../lib/store";

export type Composing =
  | { mode: "new" }
  | { mode: "reply"; quote: Quote }
  | { mode: "edit"; message: Message & { kind: "text" } };

const NEW: Composing = { mode: "new" };

export class Compose {
  readonly #chats = new Store<Readonly<Record<string, Composing>>>({});
  readonly subscribe = this.#chats.subscribe;

  of(conversationId: string): Composing {
    return this.#chats.get()[conversationId] ?? NEW;
  }

  /** Calls and notices cannot be replied to. */
  reply(conversationId: string, message: Message): void {
    if (message.kind === "text") this.replyTo(conversationId, quoteOf(message));
  }

  /** What a draft from another device replies to. */
  replyTo(conversationId: string, quote: Quote): void {
    this.#set(conversationId, { mode: "reply", quote });
  }

  edit(conversationId: string, message: Message): void {
    if (message.kind === "text") this.#set(conversationId, { mode: "edit", message });
  }

  cancel(conversationId: string): void {
    if (this.of(conversationId).mode !== "new") this.#set(conversationId, NEW);
  }

  #set(conversationId: string, composing: Composing): void {
    this.#chats.update((chats) => ({ ...chats, [conversationId]: composing }));
  }
}

/** Characters of the original that a quote shows. */
const EXCERPT = 200;

/** The quote as the server will make it. */
export function quoteOf(message: Message & { kind: "text" }): Quote {
  const [first, ...others] = message.attachments;
  return {
    message_id: message.id,
    seq: message.seq,
    sender_id: message.sender_id,
    text: [...message.text].slice(0, EXCERPT).join(""),
    attachment: first === undefined ? null : { ...first, more: others.length },
    deleted: false,
  };
}
