/**
 * What each chat's input is about to do: write something new, reply, or edit. Outside React, so that the menu of a message can
 * say so without drawing the input anew for every message. Read it with `useComposing`, change it with `useCompose`.
 */
import type { Message, Quote } from "../../api/types";
import { Store } from "../../lib/store";
import type { Drafts } from "./drafts";

export type TextMessage = Message & { kind: "text" };

export type Composing =
  | { mode: "new" }
  | { mode: "reply"; quote: Quote }
  /** `text` is what it shall say. The draft waits meanwhile. */
  | { mode: "edit"; message: TextMessage; text: string };

const NEW: Composing = { mode: "new" };

export class Compose {
  readonly #drafts: Drafts;
  readonly #edits = new Store<Readonly<Record<string, Composing & { mode: "edit" }>>>({});
  readonly #replies = new WeakMap<Quote, Composing>();
  readonly #beginners = new Set<(conversationId: string) => void>();

  constructor(drafts: Drafts) {
    this.#drafts = drafts;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    const stop = [this.#edits.subscribe(listener), this.#drafts.subscribe(listener)];
    return () => stop.forEach((one) => one());
  };

  /** Tells when somebody here begins a reply or an edit; not when a draft with a reply comes from elsewhere. */
  onBegin(listener: (conversationId: string) => void): () => void {
    this.#beginners.add(listener);
    return () => this.#beginners.delete(listener);
  }

  /** The same object until it changes. */
  of(conversationId: string): Composing {
    const edit = this.#edits.get()[conversationId];
    if (edit !== undefined) return edit;
    const quote = this.#drafts.of(conversationId).replyTo;
    if (quote === null) return NEW;
    const reply = this.#replies.get(quote) ?? { mode: "reply", quote };
    this.#replies.set(quote, reply);
    return reply;
  }

  /** Calls and notices cannot be replied to. */
  reply(conversationId: string, message: Message): void {
    if (message.kind !== "text") return;
    this.#endEdit(conversationId);
    this.#drafts.write(conversationId, { replyTo: quoteOf(message) });
    this.#begin(conversationId);
  }

  edit(conversationId: string, message: Message): void {
    if (message.kind !== "text") return;
    this.#setEdit(conversationId, { mode: "edit", message, text: message.text });
    this.#begin(conversationId);
  }

  /** What the edited message shall say. */
  retext(conversationId: string, text: string): void {
    const edit = this.#edits.get()[conversationId];
    if (edit !== undefined) this.#setEdit(conversationId, { ...edit, text });
  }

  /** Ends the edit, or takes the quote off the draft. */
  cancel(conversationId: string): void {
    if (conversationId in this.#edits.get()) this.#endEdit(conversationId);
    else this.#drafts.write(conversationId, { replyTo: null });
  }

  #begin(conversationId: string): void {
    for (const listener of [...this.#beginners]) listener(conversationId);
  }

  #setEdit(conversationId: string, edit: Composing & { mode: "edit" }): void {
    this.#edits.update((edits) => ({ ...edits, [conversationId]: edit }));
  }

  #endEdit(conversationId: string): void {
    this.#edits.update((edits) => Object.fromEntries(Object.entries(edits).filter(([id]) => id !== conversationId)));
  }
}

/** Characters of the original that a quote shows. */
const EXCERPT = 200;

/** The quote as the server will make it. */
export function quoteOf(message: TextMessage): Quote {
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
