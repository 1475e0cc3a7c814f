/**
 * The files of the signed-in user on their way to the server, outside React. A file begins its way when it is picked, waits in
 * the tray of its chat until its message is sent, and is kept across reloads until that message has arrived. What can be
 * mended by waiting is tried again by itself; what the server refuses waits for the writer.
 */
import { ApiError } from "../../api/http";
import { randomKey } from "../../lib/random";
import { Store } from "../../lib/store";
import type { Keep, Own } from "./keep";
import { guess } from "./looks";
import { attachmentIdOf, MOST_IN_TRAY, MOST_PER_MESSAGE, type Kept, type Lasting, type Looks, type Upload } from "./model";
import type { Transfer } from "./transfer";

/** What uploads need of the world; a test gives its own. */
export interface UploadsWorld {
  transfer: Transfer;
  terminate(url: string): void;
  keep: Keep;
  own: Own;
  look(type: string, preview: string): Promise<Looks>;
  /** Object URLs of bytes. */
  show(bytes: Blob): string;
  hide(url: string): void;
  /** A request was refused for want of a session. */
  signedOut(): void;
}

/** A recorded voice message. */
export interface Voice {
  bytes: Blob;
  durationMs: number;
  waveform: string;
}

interface Entry {
  bytes: Blob;
  url: string | null;
  /** Lets another page have it. */
  release: Promise<(() => void) | null>;
  stop: (() => void) | null;
  timer: ReturnType<typeof setTimeout> | undefined;
  failures: number;
  /** Not before it was looked at: the server is told what was seen. */
  looked: boolean;
}

interface Waiter {
  /** Null: the writer has taken the file back. */
  resolve(id: string | null): void;
  reject(error: ApiError): void;
}

const AT_ONCE = 3;
/** What waiting may mend, and the writer should know of meanwhile. */
const TOLD = new Set(["storage_full", "unavailable"]);
/** What stays: pictures are shown until the server's own are loaded, voices are heard to their end. */
const REMEMBERED = 30;
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;
/** A connection that moved nothing for this long is dead, though nobody said so. */
export const SILENCE_MS = 45_000;
/** A page that is being reloaded still holds its files for a moment. */
const PATIENCE_MS = 3_000;

export class Uploads {
  /** In the order of picking. */
  readonly items = new Store<readonly Upload[]>([]);
  readonly #me: string;
  readonly #world: UploadsWorld;
  readonly #entries = new Map<string, Entry>();
  readonly #waiters = new Map<string, Waiter[]>();
  /** Held by another page of the same person. */
  readonly #elsewhere = new Set<string>();
  readonly #discarded = new Set<string>();
  /** Of what was sent from here, by the server's id: the message must not blink when it arrives. */
  readonly #previews = new Map<string, string>();
  readonly #onDiscard = new Set<(id: string) => void>();
  readonly #onArrival = new Set<(id: string, attachmentId: string) => void>();
  #restored: Promise<void> | null = null;
  #stopped = false;

  constructor(me: string, world: UploadsWorld) {
    this.#me = me;
    this.#world = world;
  }

  /** Goes on with what an earlier page left. */
  start(): void {
    this.#stopped = false;
    void this.#restoring();
    this.wake();
  }

  /** Keeps what is stored; sends nothing any more. */
  stop(): void {
    this.#stopped = true;
    for (const { id, state } of this.items.get()) {
      this.#halt(id);
      if (state === "uploading") this.#change(id, { state: "waiting" });
    }
  }

  /** Forgets everything: another user may use this browser next. */
  async clear(): Promise<void> {
    this.stop();
    for (const { id } of this.items.get()) this.#drop(id);
    for (const preview of this.#previews.values()) this.#world.hide(preview);
    this.#previews.clear();
    for (const { id } of await this.#world.keep.all(this.#me)) await this.#world.keep.forget(id);
  }

  /** Into the tray of a chat. Returns how many did not fit. */
  add(conversationId: string, files: readonly File[]): number {
    const room = Math.max(0, MOST_IN_TRAY - this.tray(conversationId).length);
    for (const file of files.slice(0, room)) {
      this.#begin(file, { name: file.name || "file", type: file.type, conversationId, loose: true }, guess(file.type), null);
    }
    return Math.max(0, files.length - room);
  }

  /** `loose`: into the tray, else straight with a message. */
  addVoice(conversationId: string, { bytes, durationMs, waveform }: Voice, loose: boolean): string {
    const looks: Looks = { kind: "voice", width: null, height: null, durationMs };
    const type = bytes.type.split(";")[0] ?? "";
    return this.#begin(bytes, { name: voiceName(type), type, conversationId, loose }, looks, waveform);
  }

  tray(conversationId: string): readonly Upload[] {
    return this.items.get().filter((one) => one.loose && one.conversationId === conversationId);
  }

  /** The tray is sent: the ids of what lay in it, in portions of one message each. What was refused stays. */
  take(conversationId: string): string[][] {
    const ids = this.tray(conversationId).filter(({ state }) => state !== "failed").map(({ id }) => id);
    for (const id of ids) this.#change(id, { loose: false });
    const portions: string[][] = [];
    for (let at = 0; at < ids.length; at += MOST_PER_MESSAGE) portions.push(ids.slice(at, at + MOST_PER_MESSAGE));
    return portions;
  }

  /** The server's ids, when all are there. Fails if one is refused, without those that the writer took back. */
  async attachmentIds(ids: readonly string[]): Promise<string[]> {
    await this.#restoring();
    const found = await Promise.all(ids.map((id) => this.#arrival(id)));
    return found.filter((id) => id !== null);
  }

  /** The server has forgotten these: they are brought there anew. */
  renew(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry === undefined) continue;
      entry.url = null;
      this.#change(id, { state: "waiting", sent: 0 });
    }
    this.#run();
  }

  /** The writer tries a refused one again. */
  retry(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#find(id)?.state !== "failed") return;
    // A refused upload may have left an address that leads nowhere.
    entry.url = null;
    entry.failures = 0;
    this.#change(id, { state: "waiting", sent: 0, stalled: false });
    this.#run();
  }

  /** The writer takes it back. */
  discard(id: string): void {
    const url = this.#entries.get(id)?.url;
    if (url != null) this.#world.terminate(url);
    this.#discarded.add(id);
    this.#drop(id);
    this.#settle(id, ({ resolve }) => resolve(null));
    for (const listener of this.#onDiscard) listener(id);
    this.#run();
  }

  onDiscard(listener: (id: string) => void): () => void {
    this.#onDiscard.add(listener);
    return () => this.#onDiscard.delete(listener);
  }

  /** Tells of files whose message has arrived: by which name they are known from then on. */
  onArrival(listener: (id: string, attachmentId: string) => void): () => void {
    this.#onArrival.add(listener);
    return () => this.#onArrival.delete(listener);
  }

  /** Their message has arrived. */
  release(ids: readonly string[]): void {
    for (const id of ids) {
      const upload = this.#find(id);
      const url = this.#entries.get(id)?.url;
      // A picture that is looked at, a voice that is listened to.
      const preview = upload?.kind === "image" || upload?.kind === "voice" ? upload.preview : null;
      if (url != null) {
        if (preview !== null) this.#remember(attachmentIdOf(url), preview);
        for (const listener of this.#onArrival) listener(id, attachmentIdOf(url));
      }
      this.#drop(id, url != null ? preview : null);
    }
  }

  /** An object URL of a picture that was sent from here. */
  pictureOf(attachmentId: string): string | null {
    return this.#previews.get(attachmentId) ?? null;
  }

  /** Lets go of what belongs to no message: a page died between two steps. `ids`: those that do. */
  async keepOnly(ids: ReadonlySet<string>): Promise<void> {
    const before = Date.now();
    await this.#restoring();
    for (const { id, loose, createdAt } of this.items.get()) {
      if (!loose && createdAt < before && !ids.has(id)) this.discard(id);
    }
  }

  /** Tries now: called when the network is back. */
  readonly wake = (): void => {
    for (const entry of this.#entries.values()) {
      // What runs keeps its watch.
      if (entry.stop !== null) continue;
      clearTimeout(entry.timer);
      entry.timer = undefined;
    }
    this.#run();
  };

  #begin(bytes: Blob, named: Pick<Upload, "name" | "type" | "conversationId" | "loose">, looks: Looks, waveform: string | null): string {
    const id = randomKey();
    // Each later than the one before: their order outlives the page.
    const createdAt = Math.max(Date.now(), (this.items.get().at(-1)?.createdAt ?? 0) + 1);
    const preview = this.#show(bytes, looks);
    const upload: Upload = { ...named, ...looks, id, waveform, size: bytes.size, createdAt, state: "waiting", sent: 0, stalled: false, preview };
    this.#enter(upload, { bytes, url: null, release: this.#world.own(id, Infinity), looked: waveform !== null });
    void this.#world.keep.putBytes(id, bytes).then(() => this.#keep(id));
    void this.#look(id);
    return id;
  }

  #enter(upload: Upload, entry: Pick<Entry, "bytes" | "url" | "release" | "looked">): void {
    this.#entries.set(upload.id, { ...entry, stop: null, timer: undefined, failures: 0 });
    this.items.update((items) => [...items, upload].sort((a, b) => a.createdAt - b.createdAt));
    this.#run();
  }

  #show(bytes: Blob, { kind }: Looks): string | null {
    return kind === "file" ? null : this.#world.show(bytes);
  }

  async #look(id: string): Promise<void> {
    const upload = this.#find(id);
    const entry = this.#entries.get(id);
    if (upload === undefined || entry === undefined || entry.looked) return;
    const looks = upload.preview === null ? guess("") : await this.#world.look(upload.type, upload.preview);
    if (!this.#entries.has(id)) return;
    entry.looked = true;
    if (looks.kind === "file" && upload.preview !== null) this.#world.hide(upload.preview);
    this.#change(id, { ...looks, preview: looks.kind === "file" ? null : upload.preview });
    this.#run();
  }

  #restoring(): Promise<void> {
    return (this.#restored ??= this.#restore());
  }

  async #restore(): Promise<void> {
    const all = await this.#world.keep.all(this.#me);
    await Promise.all(all.map((kept) => this.#restoreOne(kept)));
  }

  async #restoreOne(kept: Kept): Promise<void> {
    const { id } = kept;
    if (this.#entries.has(id)) return;
    const release = await this.#world.own(id, PATIENCE_MS);
    if (release !== null) return this.#adopt(kept, release);
    // What lies in another page's tray is that page's affair; what goes with a message is taken over when that page is gone.
    if (kept.loose) return;
    this.#elsewhere.add(id);
    void this.#world.own(id, Infinity).then(async (late) => {
      const [now] = (await this.#world.keep.all(this.#me)).filter((one) => one.id === id);
      if (now !== undefined && late !== null) await this.#adopt(now, late);
      else late?.();
    });
  }

  async #adopt(kept: Kept, release: () => void): Promise<void> {
    const { url, complete } = kept;
    const bytes = await this.#world.keep.bytes(kept.id);
    this.#elsewhere.delete(kept.id);
    if (this.#stopped || (bytes === null && !complete)) {
      release();
      if (!this.#stopped) this.#lost(kept.id);
      return;
    }
    const preview = bytes === null ? null : this.#show(bytes, kept);
    this.#enter(
      { ...lasting(kept), state: complete ? "complete" : "waiting", sent: complete ? kept.size : 0, stalled: false, preview },
      { bytes: bytes ?? new Blob(), url, release: Promise.resolve(release), looked: true },
    );
    if (complete && url !== null) this.#settle(kept.id, ({ resolve }) => resolve(attachmentIdOf(url)));
  }

  #lost(id: string): void {
    void this.#world.keep.forget(id);
    this.#settle(id, ({ reject }) => reject(lostError()));
  }

  #arrival(id: string): Promise<string | null> {
    if (this.#discarded.has(id)) return Promise.resolve(null);
    const entry = this.#entries.get(id);
    const upload = this.#find(id);
    if (upload?.state === "complete" && entry?.url != null) return Promise.resolve(attachmentIdOf(entry.url));
    if (upload === undefined && !this.#elsewhere.has(id)) return Promise.reject(lostError());
    if (upload?.state === "failed") this.retry(id);
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, [...(this.#waiters.get(id) ?? []), { resolve, reject }]);
    });
  }

  #settle(id: string, how: (waiter: Waiter) => void): void {
    const waiters = this.#waiters.get(id) ?? [];
    this.#waiters.delete(id);
    waiters.forEach(how);
  }

  /** Starts what may start. */
  #run(): void {
    if (this.#stopped) return;
    let busy = [...this.#entries.values()].filter(({ stop }) => stop !== null).length;
    for (const { id, state } of this.items.get()) {
      const entry = this.#entries.get(id);
      if (busy >= AT_ONCE) return;
      if (state !== "waiting" || entry === undefined || !entry.looked || entry.stop !== null || entry.timer !== undefined) continue;
      busy += 1;
      this.#transfer(id, entry);
    }
  }

  #transfer(id: string, entry: Entry): void {
    const upload = this.#find(id);
    if (upload === undefined) return;
    this.#change(id, { state: "uploading" });
    const alive = (): void => {
      clearTimeout(entry.timer);
      entry.timer = setTimeout(() => {
        this.#halt(id);
        this.#failed(id, new ApiError(0, "unreachable", "silence"));
      }, SILENCE_MS);
    };
    alive();
    entry.stop = this.#world.transfer(
      { bytes: entry.bytes, url: entry.url, metadata: metadataOf(upload) },
      {
        located: (url) => {
          entry.url = url;
          alive();
          void this.#keep(id);
        },
        sent: (sent) => {
          // Bytes on the wire prove little, but they are no silence.
          alive();
          this.#change(id, { sent, stalled: false });
        },
        accepted: () => {
          entry.failures = 0;
        },
        done: () => this.#done(id, entry),
        failed: (error) => {
          this.#halt(id);
          this.#failed(id, error);
        },
      },
    );
  }

  #done(id: string, entry: Entry): void {
    this.#halt(id);
    const { url } = entry;
    if (url === null) return this.#failed(id, new ApiError(0, "bad_answer", "no address"));
    this.#change(id, { state: "complete", sent: entry.bytes.size, stalled: false });
    this.#settle(id, ({ resolve }) => resolve(attachmentIdOf(url)));
    this.#run();
  }

  #failed(id: string, error: ApiError): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#stopped) return;
    if (error.status === 401) {
      this.#change(id, { state: "waiting", stalled: true });
      this.stop();
      this.#world.signedOut();
    } else if (error.transient) {
      const wait = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** entry.failures);
      // An address that answers but takes nothing is given up for a new one.
      if (error.code === "upload_broken" && entry.failures >= 3) entry.url = null;
      entry.failures += 1;
      entry.timer = setTimeout(() => {
        entry.timer = undefined;
        this.#run();
      }, wait);
      this.#change(id, { state: "waiting", stalled: true, ...(TOLD.has(error.code) ? { code: error.code } : {}) });
    } else {
      this.#change(id, { state: "failed", code: error.code, stalled: false });
      this.#settle(id, ({ reject }) => reject(error));
    }
    this.#run();
  }

  /** Ends the attempt, if there is one. */
  #halt(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    entry.stop?.();
    entry.stop = null;
  }

  #remember(attachmentId: string, preview: string): void {
    this.#previews.set(attachmentId, preview);
    const [oldest] = this.#previews;
    if (this.#previews.size <= REMEMBERED || oldest === undefined) return;
    this.#previews.delete(oldest[0]);
    this.#world.hide(oldest[1]);
  }

  /** Gone from here, whatever became of it. `shown`: the preview that somebody still needs. */
  #drop(id: string, shown: string | null = null): void {
    this.#halt(id);
    const preview = this.#find(id)?.preview;
    void this.#entries.get(id)?.release.then((release) => release?.());
    this.#entries.delete(id);
    this.items.update((items) => items.filter((one) => one.id !== id));
    if (preview != null && preview !== shown) this.#world.hide(preview);
    void this.#world.keep.forget(id);
  }

  #find(id: string): Upload | undefined {
    return this.items.get().find((one) => one.id === id);
  }

  #change(id: string, change: Partial<Upload>): void {
    const before = this.#find(id);
    if (before === undefined) return;
    const after: Upload = { ...before, code: undefined, ...change };
    this.items.update((items) => items.map((one) => (one.id === id ? after : one)));
    if (after.loose !== before.loose || (after.state !== before.state && after.state === "complete")) void this.#keep(id);
  }

  async #keep(id: string): Promise<void> {
    const upload = this.#find(id);
    const entry = this.#entries.get(id);
    if (upload === undefined || entry === undefined) return;
    await this.#world.keep.put({ ...lasting(upload), userId: this.#me, url: entry.url, complete: upload.state === "complete" });
  }
}

/** What outlives the page of an upload. */
function lasting({ id, conversationId, name, type, size, createdAt, kind, width, height, durationMs, waveform, loose }: Lasting): Lasting {
  return { id, conversationId, name, type, size, createdAt, kind, width, height, durationMs, waveform, loose };
}

const lostError = (): ApiError => new ApiError(410, "file_lost", "the file is no longer kept");

function metadataOf({ name, kind, width, height, durationMs }: Upload): Record<string, string> {
  const hints = { width, height, duration_ms: durationMs };
  const known = Object.entries(hints).filter(([, value]) => value !== null);
  return { filename: name, ...(kind === "voice" ? { voice: "1" } : {}), ...Object.fromEntries(known.map(([key, value]) => [key, String(value)])) };
}

function voiceName(type: string): string {
  const ending = type.includes("ogg") ? "ogg" : type.includes("mp4") ? "m4a" : "webm";
  return `voice.${ending}`;
}
