/**
 * Messages on their way out. Each has a key of its own from the moment it is written, so that a retry is the same message;
 * each waits in storage until the server has acknowledged it, so that neither a reload nor a dead network loses one. Those of
 * one conversation go one after another, so that they arrive in order. All tabs show them; the one that wrote a message sends it.
 */
import { ApiError } from "../../api/http";
import type { Message, Quote } from "../../api/types";
import { randomKey } from "../../lib/random";
import { recall, recallAll, remember } from "../../lib/storage";
import { Store } from "../../lib/store";
import type { Pages } from "./pages";

export interface Outgoing {
  clientKey: string;
  conversationId: string;
  text: string;
  /** What is replied to, as it was then. */
  replyTo: Quote | null;
  /** Local ids of the uploads (features/files) that go with it; it leaves when all are complete. */
  uploads: readonly string[];
  createdAt: number;
  /** `failed`: refused for good; the writer decides. */
  state: "waiting" | "sending" | "failed";
  code?: string;
  /** The page that sends it. */
  page: string;
}

export interface OutboxWorld {
  send(item: Outgoing): Promise<Message>;
  sent(message: Message): void;
  /** It is out of the outbox: the server has it, or the writer has discarded it. */
  gone(item: Outgoing, arrived: boolean): void;
  /** A request was refused for want of a session. */
  signedOut(): void;
  pages: Pages;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 15_000;

export class Outbox {
  /** In the order of writing. */
  readonly items = new Store<readonly Outgoing[]>([]);
  readonly #world: OutboxWorld;
  readonly #prefix: string;
  /** Other pages whose end is waited for. */
  readonly #watched = new Set<string>();
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #stopped = true;

  constructor(userId: string, world: OutboxWorld) {
    this.#world = world;
    this.#prefix = `staffline.outbox.${userId}.`;
    this.items.set(inOrder(recallAll(this.#prefix).flatMap(([, value]) => parse(value))));
  }

  /** Sends what earlier pages left. */
  start(): void {
    this.#stopped = false;
    addEventListener("storage", this.#changedElsewhere);
    for (const item of this.items.get()) this.#watch(item);
    this.flush();
  }

  /** Keeps what is stored; sends nothing any more. */
  stop(): void {
    this.#stopped = true;
    removeEventListener("storage", this.#changedElsewhere);
    clearTimeout(this.#retry);
  }

  /** Forgets everything: another user may use this browser next. */
  clear(): void {
    this.stop();
    for (const { clientKey } of this.items.get()) remember(this.#prefix + clientKey, null);
    this.items.set([]);
  }

  add(conversationId: string, text: string, with_: { replyTo?: Quote | null; uploads?: readonly string[] } = {}): void {
    const { replyTo = null, uploads = [] } = with_;
    const last = this.items.get().at(-1)?.createdAt ?? 0;
    // Never equal, so that the order survives a reload.
    const createdAt = Math.max(Date.now(), last + 1);
    const page = this.#world.pages.id;
    const item: Outgoing = { clientKey: randomKey(), conversationId, text, replyTo, uploads, createdAt, state: "waiting", page };
    this.items.update((items) => [...items, item]);
    this.#store(item);
    this.flush();
  }

  /** The writer tries a refused message again, with its old key. */
  retry(clientKey: string): void {
    this.#change(clientKey, { state: "waiting" });
    this.flush();
  }

  discard(clientKey: string): void {
    this.#remove(clientKey, false);
    this.flush();
  }

  /** The writer has taken a file back: its message goes without it, if it still says anything. */
  dropUpload(id: string): void {
    const item = this.items.get().find(({ uploads }) => uploads.includes(id));
    if (item === undefined) return;
    const uploads = item.uploads.filter((one) => one !== id);
    if (uploads.length === 0 && item.text === "") return this.discard(item.clientKey);
    this.#change(item.clientKey, { state: item.state, code: item.code, uploads });
  }

  /** The message is known to have arrived, whoever said so. */
  confirm(clientKey: string): void {
    if (this.items.get().some((item) => item.clientKey === clientKey)) this.#remove(clientKey, true);
  }

  /** Tries now: called when the network is back. */
  readonly flush = (): void => {
    clearTimeout(this.#retry);
    if (this.#stopped) return;
    const busy = new Set<string>();
    for (const item of this.items.get()) {
      if (item.page !== this.#world.pages.id || item.state === "failed" || busy.has(item.conversationId)) continue;
      busy.add(item.conversationId);
      if (item.state === "waiting") void this.#send(item);
    }
  };

  async #send(item: Outgoing): Promise<void> {
    this.#change(item.clientKey, { state: "sending" });
    try {
      const message = await this.#world.send(item);
      if (this.#stopped) return;
      this.#failures = 0;
      this.#world.sent(message);
      this.#remove(item.clientKey, true);
      this.flush();
    } catch (error) {
      if (!this.#stopped) this.#failed(item, error);
    }
  }

  #failed({ clientKey }: Outgoing, error: unknown): void {
    if (error instanceof ApiError && error.status === 401) {
      this.#change(clientKey, { state: "waiting" });
      this.#world.signedOut();
    } else if (error instanceof ApiError && !error.transient) {
      this.#change(clientKey, { state: "failed", code: error.code });
      this.flush();
    } else {
      this.#change(clientKey, { state: "waiting" });
      const wait = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** this.#failures);
      this.#failures += 1;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(this.flush, wait);
    }
  }

  /** Another tab has written, sent or discarded a message, or tries one of this page again. */
  readonly #changedElsewhere = ({ key, newValue }: StorageEvent): void => {
    if (key?.startsWith(this.#prefix) !== true) return;
    const clientKey = key.slice(this.#prefix.length);
    const item = newValue === null ? undefined : parse(newValue)[0];
    const ours = this.items.get().find((one) => one.clientKey === clientKey);
    if (ours?.state === "sending" && item !== undefined) return;
    const others = this.items.get().filter((one) => one.clientKey !== clientKey);
    this.items.set(item === undefined ? others : inOrder([...others, item]));
    if (item !== undefined) this.#watch(item);
    // Its files are this page's.
    else if (ours?.page === this.#world.pages.id) this.#world.gone(ours, true);
    this.flush();
  };

  /** What a page leaves when it goes is this page's, unless yet another was quicker. */
  #watch({ page }: Outgoing): void {
    if (page === this.#world.pages.id || this.#watched.has(page)) return;
    this.#watched.add(page);
    this.#world.pages.whenGone(page, () => {
      this.#watched.delete(page);
      if (this.#stopped) return;
      for (const { clientKey } of this.items.get().filter((item) => item.page === page)) this.#adopt(clientKey, page);
      this.flush();
    });
  }

  #adopt(clientKey: string, from: string): void {
    const stored = parse(recall(this.#prefix + clientKey) ?? "")[0];
    const others = this.items.get().filter((item) => item.clientKey !== clientKey);
    const adopted = stored?.page === from ? { ...stored, page: this.#world.pages.id } : stored;
    this.items.set(adopted === undefined ? others : inOrder([...others, adopted]));
    if (adopted === undefined) return;
    if (stored?.page === from) this.#store(adopted);
    else this.#watch(adopted);
  }

  #change(clientKey: string, change: Pick<Outgoing, "state" | "code"> & Partial<Pick<Outgoing, "uploads">>): void {
    this.items.update((items) =>
      items.map((item) => (item.clientKey === clientKey ? { ...item, code: undefined, ...change } : item)),
    );
    const item = this.items.get().find((one) => one.clientKey === clientKey);
    if (item !== undefined) this.#store(item);
  }

  #remove(clientKey: string, arrived: boolean): void {
    const item = this.items.get().find((one) => one.clientKey === clientKey);
    remember(this.#prefix + clientKey, null);
    this.items.update((items) => items.filter((one) => one.clientKey !== clientKey));
    if (item !== undefined) this.#world.gone(item, arrived);
  }

  #store(item: Outgoing): void {
    // A page that died while sending does not know whether it arrived: the next one sends it again, with the same key.
    const state = item.state === "sending" ? "waiting" : item.state;
    remember(this.#prefix + item.clientKey, JSON.stringify({ ...item, state }));
  }
}

function inOrder(items: readonly Outgoing[]): Outgoing[] {
  return [...items].sort((a, b) => a.createdAt - b.createdAt);
}

/** One, or none if it is broken. */
function parse(value: string): Outgoing[] {
  try {
    const item = JSON.parse(value) as Partial<Outgoing>;
    const { clientKey, conversationId, text, createdAt = 0, state } = item;
    if (typeof clientKey !== "string" || typeof conversationId !== "string" || typeof text !== "string") return [];
    const { replyTo = null, uploads = [], code, page = "" } = item;
    return [
      { clientKey, conversationId, text, replyTo, uploads, createdAt, state: state === "failed" ? "failed" : "waiting", code, page },
    ];
  } catch {
    return [];
  }
}
