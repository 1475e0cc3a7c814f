/**
 * Files that wait to be sent, in IndexedDB: a reload, a crash or a closed lid must not lose what somebody attached. Where the
 * browser forbids it or has no room, an upload lives only as long as the page.
 */
import type { Kept } from "./model";

const NAME = "staffline.files";
/** What is known of each upload; changes often. */
const UPLOADS = "uploads";
/** Its bytes; written once. */
const BYTES = "bytes";

export interface Keep {
  all(userId: string): Promise<Kept[]>;
  bytes(id: string): Promise<Blob | null>;
  putBytes(id: string, bytes: Blob): Promise<void>;
  put(kept: Kept): Promise<void>;
  forget(id: string): Promise<void>;
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(UPLOADS, { keyPath: "id" });
    request.result.createObjectStore(BYTES);
  };
  return settled(request);
}

export class BrowserKeep implements Keep {
  #database: Promise<IDBDatabase> | null = null;

  async all(userId: string): Promise<Kept[]> {
    const everybodys = await this.#in<Kept[]>(UPLOADS, "readonly", (store) => store.getAll(), []);
    return everybodys.filter((kept) => kept.userId === userId);
  }

  bytes(id: string): Promise<Blob | null> {
    return this.#in<Blob | null>(BYTES, "readonly", (store) => store.get(id) as IDBRequest<Blob | null>, null).then((blob) => blob ?? null);
  }

  async putBytes(id: string, bytes: Blob): Promise<void> {
    await this.#in(BYTES, "readwrite", (store) => store.put(bytes, id), undefined);
  }

  async put(kept: Kept): Promise<void> {
    await this.#in(UPLOADS, "readwrite", (store) => store.put(kept), undefined);
  }

  async forget(id: string): Promise<void> {
    for (const store of [UPLOADS, BYTES]) await this.#in(store, "readwrite", (it) => it.delete(id), undefined);
  }

  /** `instead`: what a browser without memory answers. */
  async #in<T>(name: string, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest, instead: T): Promise<T> {
    try {
      this.#database ??= open();
      const database = await this.#database;
      return (await settled(act(database.transaction(name, mode).objectStore(name)))) as T;
    } catch {
      // Private windows and full disks.
      return instead;
    }
  }
}

/** Two pages of one person must not send the same file: each upload belongs to one page, until it is gone. */
export type Own = (id: string, patienceMs: number) => Promise<(() => void) | null>;

/** Null: another page has it, and had it for as long as one was willing to wait. */
export const own: Own = (id, patienceMs) => {
  // Not there in an insecure context, whatever its type says.
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) return Promise.resolve(() => undefined);
  const options = Number.isFinite(patienceMs) ? { signal: AbortSignal.timeout(patienceMs) } : {};
  return new Promise((resolve) => {
    locks
      .request(`staffline.upload.${id}`, options, () => new Promise<void>((release) => resolve(release)))
      .catch(() => resolve(null));
  });
};
