/**
 * Unsent texts: kept in this browser at once, on the server a second later, and so on the writer's other devices. What is
 * written here wins over what comes from elsewhere until the server has it; after that the newest wins.
 */
import { ApiError } from "../../api/http";
import type { Draft, Quote } from "../../api/types";
import { recallAll, remember } from "../../lib/storage";
import { Store } from "../../lib/store";

export interface DraftText {
  readonly text: string;
  readonly replyTo: Quote | null;
}

interface Kept extends DraftText {
  /** Changed here, and the server does not have it. */
  readonly dirty: boolean;
  /** The server may have something to forget. */
  readonly onServer: boolean;
}

export interface DraftsWorld {
  /** `leaving`: the page may be gone before the answer. */
  save(conversationId: string, draft: DraftText, leaving: boolean): Promise<void>;
}

export const SAVE_AFTER_MS = 1_000;
const RETRY_MS = 15_000;
/** The event of one's own save comes within this time, or never. */
const ECHO_MS = 10_000;

const NOTHING: Kept = { text: "", replyTo: null, dirty: false, onServer: false };

const isEmpty = ({ text, replyTo }: DraftText): boolean => text === "" && replyTo === null;
const same = (a: DraftText, b: DraftText): boolean =>
  a.text === b.text && (a.replyTo?.message_id ?? null) === (b.replyTo?.message_id ?? null);

export class Drafts {
  readonly #kept = new Store<Readonly<Record<string, Kept>>>({});
  readonly subscribe = this.#kept.subscribe;
  readonly #world: DraftsWorld;
  readonly #prefix: string;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #saving = new Set<string>();
  /** What this page has saved and not yet been told of. */
  readonly #echoes = new Map<string, { draft: DraftText; at: number }[]>();

  constructor(userId: string, world: DraftsWorld) {
    this.#world = world;
    this.#prefix = `staffline.draft.${userId}.`;
    const found = recallAll(this.#prefix).flatMap(([key, value]) => parse(key.slice(this.#prefix.length), value));
    this.#kept.set(Object.fromEntries(found));
  }

  /** The same object until it changes. */
  of(conversationId: string): DraftText {
    return this.#of(conversationId);
  }

  /** Saves what an earlier page could not. */
  start(): void {
    addEventListener("pagehide", this.#leave);
    document.addEventListener("visibilitychange", this.#leave);
    this.flush();
  }

  stop(): void {
    removeEventListener("pagehide", this.#leave);
    document.removeEventListener("visibilitychange", this.#leave);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Forgets everything in this browser: another user may use it next. */
  clear(): void {
    this.stop();
    for (const id of Object.keys(this.#kept.get())) remember(this.#prefix + id, null);
    this.#kept.set({});
  }

  write(conversationId: string, change: Partial<DraftText>): void {
    const old = this.#of(conversationId);
    const next = { ...old, ...change };
    if (same(old, next)) return;
    this.#put(conversationId, { ...next, dirty: true });
    this.#schedule(conversationId, SAVE_AFTER_MS);
  }

  /** It has become a message. The server forgets the draft with it, but a save under way may come after that. */
  sent(conversationId: string): void {
    const { onServer } = this.#of(conversationId);
    clearTimeout(this.#timers.get(conversationId));
    this.#put(conversationId, { ...NOTHING, onServer, dirty: onServer });
    void this.save(conversationId);
  }

  /** What a draft replies to is no longer kept. */
  unquote(conversationId: string, upTo: number): void {
    const { replyTo } = this.#of(conversationId);
    if (replyTo !== null && replyTo.seq <= upTo) this.write(conversationId, { replyTo: null });
  }

  /** The reader is no longer a member. */
  forget(conversationId: string): void {
    clearTimeout(this.#timers.get(conversationId));
    this.#put(conversationId, NOTHING);
  }

  /** What the server has, by its list or by an event. */
  take(conversationId: string, draft: Draft | null): void {
    const remote: DraftText = { text: draft?.text ?? "", replyTo: draft?.reply_to ?? null };
    if (this.#isEcho(conversationId, remote)) return;
    const mine = this.#of(conversationId);
    if (mine.dirty || this.#saving.has(conversationId) || this.#waitsForEcho(conversationId)) return;
    this.#put(conversationId, { ...remote, dirty: false, onServer: !isEmpty(remote) });
  }

  /** Saves everything now: called when the network is back. */
  readonly flush = (): void => {
    for (const id of Object.keys(this.#kept.get())) void this.save(id);
  };

  readonly #leave = (event: Event): void => {
    if (event.type === "visibilitychange" && document.visibilityState === "visible") return;
    for (const id of Object.keys(this.#kept.get())) void this.save(id, true);
  };

  /** Does nothing if the server has it. */
  async save(conversationId: string, leaving = false): Promise<void> {
    const draft = this.#of(conversationId);
    // One after another, so that they arrive in order; unless there may be no later.
    if (!draft.dirty || (this.#saving.has(conversationId) && !leaving)) return;
    clearTimeout(this.#timers.get(conversationId));
    this.#saving.add(conversationId);
    const echo = { draft, at: Date.now() };
    this.#echoes.set(conversationId, [...(this.#echoes.get(conversationId) ?? []), echo]);
    // From now on the server may have it, whatever is answered.
    this.#put(conversationId, { ...draft, onServer: true });
    try {
      await this.#world.save(conversationId, draft, leaving);
      const now = this.#of(conversationId);
      if (same(now, draft)) this.#put(conversationId, { ...now, dirty: false, onServer: !isEmpty(now) });
      else this.#schedule(conversationId, SAVE_AFTER_MS);
    } catch (error) {
      this.#echoes.set(conversationId, (this.#echoes.get(conversationId) ?? []).filter((one) => one !== echo));
      // A refused one stays here, and is offered again with its next change.
      if (!(error instanceof ApiError) || error.transient) this.#schedule(conversationId, RETRY_MS);
    } finally {
      this.#saving.delete(conversationId);
    }
  }

  #of(conversationId: string): Kept {
    return this.#kept.get()[conversationId] ?? NOTHING;
  }

  #put(conversationId: string, kept: Kept): void {
    const gone = isEmpty(kept) && !kept.dirty;
    remember(this.#prefix + conversationId, gone ? null : JSON.stringify(kept));
    this.#kept.update((all) => ({ ...all, [conversationId]: kept }));
  }

  #schedule(conversationId: string, wait: number): void {
    clearTimeout(this.#timers.get(conversationId));
    this.#timers.set(conversationId, setTimeout(() => void this.save(conversationId), wait));
  }

  /** Also forgets those before it: events come in order. */
  #isEcho(conversationId: string, remote: DraftText): boolean {
    const waiting = this.#echoes.get(conversationId) ?? [];
    const at = waiting.findIndex(({ draft }) => same(draft, remote));
    if (at < 0) return false;
    this.#echoes.set(conversationId, waiting.slice(at + 1));
    return true;
  }

  #waitsForEcho(conversationId: string): boolean {
    const oldest = Date.now() - ECHO_MS;
    return (this.#echoes.get(conversationId) ?? []).some(({ at }) => at > oldest);
  }
}

function parse(conversationId: string, value: string): [string, Kept][] {
  try {
    const { text, replyTo, dirty, onServer } = JSON.parse(value) as Partial<Kept>;
    if (typeof text !== "string") return [];
    return [[conversationId, { text, replyTo: replyTo ?? null, dirty: dirty !== false, onServer: onServer !== false }]];
  } catch {
    return [];
  }
}
