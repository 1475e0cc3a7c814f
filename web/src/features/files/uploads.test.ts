/** The way of a file: three at once, on again after every break, over a reload, taken back, refused. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../api/http";
import type { Keep, Own } from "./keep";
import type { Kept, Looks } from "./model";
import type { Job, Report } from "./transfer";
import { SILENCE_MS, Uploads, type UploadsWorld } from "./uploads";

interface Attempt {
  job: Job;
  report: Report;
  stopped: boolean;
}

const FILE: Looks = { kind: "file", width: null, height: null, durationMs: null };
const unreachable = new ApiError(0, "unreachable", "");
const tooLarge = new ApiError(413, "file_too_large", "");

class MemoryKeep implements Keep {
  readonly kept = new Map<string, Kept>();
  readonly blobs = new Map<string, Blob>();
  all = async (userId: string): Promise<Kept[]> => [...this.kept.values()].filter((one) => one.userId === userId);
  bytes = async (id: string): Promise<Blob | null> => this.blobs.get(id) ?? null;
  putBytes = async (id: string, bytes: Blob): Promise<void> => void this.blobs.set(id, bytes);
  put = async (kept: Kept): Promise<void> => void this.kept.set(kept.id, kept);
  forget = async (id: string): Promise<void> => {
    this.kept.delete(id);
    this.blobs.delete(id);
  };
}

function setUp(keep = new MemoryKeep(), change: Partial<UploadsWorld> = {}) {
  const attempts: Attempt[] = [];
  const terminate = vi.fn();
  const hide = vi.fn();
  const signedOut = vi.fn();
  const uploads = new Uploads("me", {
    transfer: (job, report) => {
      const attempt: Attempt = { job, report, stopped: false };
      attempts.push(attempt);
      return () => {
        attempt.stopped = true;
      };
    },
    terminate,
    keep,
    own: async () => () => undefined,
    look: async () => FILE,
    show: () => "blob:shown",
    hide,
    signedOut,
    ...change,
  });
  uploads.start();
  const states = (): string[] => uploads.items.get().map(({ name, state }) => `${name} ${state}`);
  const running = (): Attempt[] => attempts.filter(({ stopped }) => !stopped);
  return { uploads, attempts, terminate, hide, signedOut, keep, states, running };
}

const file = (name: string, bytes = 10): File => new File([new Uint8Array(bytes)], name);
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const finish = (attempt: Attempt, id: string): void => {
  attempt.report.located(`/api/uploads/${id}`);
  attempt.report.done();
};
const ids = (uploads: Uploads): string[] => uploads.items.get().map(({ id }) => id);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("begins when it is picked, three at once, the next when one is done", async () => {
  const { uploads, attempts, states } = setUp();
  uploads.add("c", ["a", "b", "c", "d"].map((name) => file(name)));
  await settle();
  expect(attempts.map(({ job }) => job.metadata)).toEqual([{ filename: "a" }, { filename: "b" }, { filename: "c" }]);
  finish(attempts[1]!, "B");
  await settle();
  expect(states()).toEqual(["a uploading", "b complete", "c uploading", "d uploading"]);
});

test("a message is told the server's ids when all its files are there", async () => {
  const { uploads, attempts } = setUp();
  uploads.add("c", [file("a"), file("b")]);
  await settle();
  const [portion] = uploads.take("c");
  expect(uploads.tray("c")).toEqual([]);
  const told = vi.fn();
  void uploads.attachmentIds(portion!).then(told);
  finish(attempts[1]!, "B");
  await settle();
  expect(told).not.toHaveBeenCalled();
  finish(attempts[0]!, "A");
  await settle();
  expect(told).toHaveBeenCalledWith(["A", "B"]);
});

test("goes on where it broke off, each time after a longer pause, and at once when the network is back", async () => {
  const { uploads, attempts, running } = setUp();
  uploads.add("c", [file("a")]);
  await settle();
  attempts[0]!.report.located("/api/uploads/A");
  attempts[0]!.report.failed(unreachable);
  expect(uploads.items.get()[0]).toMatchObject({ state: "waiting", stalled: true });
  await vi.advanceTimersByTimeAsync(999);
  expect(attempts).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(attempts[1]!.job.url).toBe("/api/uploads/A");
  attempts[1]!.report.failed(unreachable);
  await vi.advanceTimersByTimeAsync(1_999);
  expect(attempts).toHaveLength(2);
  uploads.wake();
  expect(attempts).toHaveLength(3);
  expect(running()).toHaveLength(1);
});

test("a connection that went silent is given up for a new one", async () => {
  const { uploads, attempts } = setUp();
  uploads.add("c", [file("a")]);
  await settle();
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
  attempts[0]!.report.sent(5);
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
  expect(attempts[0]!.stopped).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(attempts[0]!.stopped).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(attempts).toHaveLength(2);
});

test("a refused file says why, stays in the tray, and can be tried again", async () => {
  const { uploads, attempts } = setUp();
  uploads.add("c", [file("large"), file("small")]);
  await settle();
  attempts[0]!.report.failed(tooLarge);
  finish(attempts[1]!, "S");
  expect(uploads.items.get()[0]).toMatchObject({ state: "failed", code: "file_too_large" });
  const [portion] = uploads.take("c");
  expect(portion).toEqual([ids(uploads)[1]]);
  expect(uploads.tray("c").map(({ name }) => name)).toEqual(["large"]);
  uploads.retry(ids(uploads)[0]!);
  expect(attempts[2]!.job).toMatchObject({ url: null, metadata: { filename: "large" } });
});

test("a message hears that a file of its was refused, and its retry tries the file again", async () => {
  const { uploads, attempts } = setUp();
  uploads.add("c", [file("a")]);
  await settle();
  const [portion] = uploads.take("c");
  const refused = expect(uploads.attachmentIds(portion!)).rejects.toMatchObject({ code: "file_too_large" });
  await settle();
  attempts[0]!.report.failed(tooLarge);
  await refused;
  const told = vi.fn();
  void uploads.attachmentIds(portion!).then(told);
  await settle();
  finish(attempts[1]!, "A");
  await settle();
  expect(told).toHaveBeenCalledWith(["A"]);
});

test("a voice message that has arrived can be heard to its end, under the name that it has now", async () => {
  const { uploads, attempts, hide } = setUp();
  const id = uploads.addVoice("c", { bytes: new Blob(["beep"], { type: "audio/webm" }), durationMs: 1_000, waveform: "" }, false);
  await settle();
  const told = vi.fn();
  uploads.onArrival(told);
  finish(attempts[0]!, "V");
  uploads.release([id]);
  expect(told).toHaveBeenCalledWith(id, "V");
  expect(hide).not.toHaveBeenCalled();
  await uploads.clear();
  expect(hide).toHaveBeenCalledWith("blob:shown");
});

test("what is taken back is stopped, ended at the server, forgotten, and its message goes without it", async () => {
  const { uploads, attempts, terminate, keep } = setUp();
  const gone = vi.fn();
  uploads.onDiscard(gone);
  uploads.add("c", [file("a"), file("b")]);
  await settle();
  attempts[0]!.report.located("/api/uploads/A");
  const [portion] = uploads.take("c");
  const told = vi.fn();
  void uploads.attachmentIds(portion!).then(told);
  await settle();
  uploads.discard(portion![0]!);
  finish(attempts[1]!, "B");
  await settle();
  expect(attempts[0]!.stopped).toBe(true);
  expect(terminate).toHaveBeenCalledWith("/api/uploads/A");
  expect(gone).toHaveBeenCalledWith(portion![0]);
  expect(told).toHaveBeenCalledWith(["B"]);
  expect([...keep.kept.keys()]).toEqual([portion![1]]);
});

test("more than one message holds become several messages; more than a tray holds are left out", async () => {
  const { uploads } = setUp();
  expect(uploads.add("c", Array.from({ length: 103 }, (_, i) => file(String(i))))).toBe(3);
  expect(uploads.add("other", [file("x")])).toBe(0);
  expect(uploads.take("c").map((portion) => portion.length)).toEqual([20, 20, 20, 20, 20]);
});

test("after a reload it goes on at the same address, and the tray is as it was", async () => {
  const first = setUp();
  first.uploads.add("c", [file("a"), file("b"), file("sent")]);
  await settle();
  first.attempts[0]!.report.located("/api/uploads/A");
  finish(first.attempts[1]!, "B");
  await settle();
  first.uploads.stop();

  const { uploads, attempts, states } = setUp(first.keep);
  await settle();
  expect(states()).toEqual(["a uploading", "b complete", "sent uploading"]);
  expect(uploads.tray("c")).toHaveLength(3);
  expect(attempts[0]!.job).toMatchObject({ url: "/api/uploads/A", metadata: { filename: "a" } });
  await expect(uploads.attachmentIds([ids(uploads)[1]!])).resolves.toEqual(["B"]);
});

test("another person in the same browser sees nothing of it", async () => {
  const first = setUp();
  first.uploads.add("c", [file("a")]);
  await settle();
  for (const [id, kept] of first.keep.kept) first.keep.kept.set(id, { ...kept, userId: "somebody else" });
  const second = setUp(first.keep);
  await settle();
  expect(second.states()).toEqual([]);
});

test("signing out forgets everything", async () => {
  const { uploads, attempts, keep, hide, states } = setUp(new MemoryKeep(), { look: async () => ({ ...FILE, kind: "image" }) });
  uploads.add("c", [new File(["x"], "a.png", { type: "image/png" })]);
  await settle();
  await uploads.clear();
  expect(states()).toEqual([]);
  expect(attempts[0]!.stopped).toBe(true);
  expect(hide).toHaveBeenCalledWith("blob:shown");
  expect(keep.kept.size + keep.blobs.size).toBe(0);
});

test("a file whose bytes the browser has lost fails its message in words", async () => {
  const { uploads } = setUp();
  await expect(uploads.attachmentIds(["unknown"])).rejects.toMatchObject({ code: "file_lost", transient: false });
});

test("an upload that belongs to no message is swept at the start; a tray is not", async () => {
  const first = setUp();
  first.uploads.add("c", [file("orphan")]);
  await settle();
  first.uploads.take("c");
  first.uploads.add("c", [file("tray")]);
  await settle();
  first.uploads.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  const second = setUp(first.keep);
  await second.uploads.keepOnly(new Set());
  expect(second.states()).toEqual(["tray uploading"]);
});

test("an upload of another open page is its affair, until that page is gone", async () => {
  const first = setUp();
  first.uploads.add("c", [file("a"), file("loose")]);
  await settle();
  const loose = ids(first.uploads)[1]!;
  first.uploads.take("c");
  const kept = first.keep.kept.get(loose)!;
  first.keep.kept.set(loose, { ...kept, loose: true });

  let leave = (): void => undefined;
  const own: Own = (_, patience) =>
    patience === Infinity ? new Promise((resolve) => (leave = () => resolve(() => undefined))) : Promise.resolve(null);
  const second = setUp(first.keep, { own });
  await settle();
  expect(second.states()).toEqual([]);
  const told = vi.fn();
  void second.uploads.attachmentIds([ids(first.uploads)[0]!]).then(told);
  await settle();
  leave();
  await settle();
  expect(second.states()).toEqual(["a uploading"]);
  finish(second.attempts[0]!, "A");
  await settle();
  expect(told).toHaveBeenCalledWith(["A"]);
});

test("without a session everything waits, and somebody is told", async () => {
  const { uploads, attempts, signedOut, states } = setUp();
  uploads.add("c", [file("a")]);
  await settle();
  attempts[0]!.report.failed(new ApiError(401, "not_signed_in", ""));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(signedOut).toHaveBeenCalledOnce();
  expect(attempts).toHaveLength(1);
  expect(states()).toEqual(["a waiting"]);
});

test("what the server has swept is brought there anew", async () => {
  const { uploads, attempts } = setUp();
  uploads.add("c", [file("a")]);
  await settle();
  finish(attempts[0]!, "A");
  uploads.renew(ids(uploads));
  expect(attempts[1]!.job.url).toBeNull();
  finish(attempts[1]!, "B");
  await expect(uploads.attachmentIds(ids(uploads))).resolves.toEqual(["B"]);
});

test("a video is looked at before the server is told of it, a voice message says that it is one", async () => {
  const { uploads, attempts } = setUp(new MemoryKeep(), {
    look: async () => ({ kind: "video", width: 640, height: 360, durationMs: 1500 }),
  });
  uploads.add("c", [new File(["x"], "v.webm", { type: "video/webm" })]);
  const voice = uploads.addVoice("c", { bytes: new Blob(["x"], { type: "audio/ogg;codecs=opus" }), durationMs: 2000, waveform: "AA==" }, false);
  await settle();
  const metadata = attempts.map(({ job }) => job.metadata);
  expect(metadata).toContainEqual({ filename: "v.webm", width: "640", height: "360", duration_ms: "1500" });
  expect(metadata).toContainEqual({ filename: "voice.ogg", voice: "1", duration_ms: "2000" });
  expect(uploads.tray("c").map(({ id }) => id)).not.toContain(voice);
});
