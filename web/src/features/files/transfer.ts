/** One attempt to bring the bytes of a file to the server, by tus. The client library is loaded with the first file. */
import type { DetailedError, Upload as TusUpload } from "tus-js-client";
import { ApiError } from "../../api/http";

const ENDPOINT = "/api/uploads";
/** A request of this size ends often enough for proxies, and seldom enough for speed. */
const CHUNK = 8 * 1024 * 1024;

export interface Job {
  bytes: Blob;
  /** Where an earlier attempt began; null to begin. */
  url: string | null;
  metadata: Record<string, string>;
}

/** What an attempt tells. Nothing any more after `done` or `failed`, or once it was stopped. */
export interface Report {
  located(url: string): void;
  sent(bytes: number): void;
  /** The server has confirmed some. */
  accepted(): void;
  done(): void;
  failed(error: ApiError): void;
}

/** Returns how to stop it. */
export type Transfer = (job: Job, report: Report) => () => void;

/** The attempt may go on where it broke off, or from the beginning at a new address. */
const AGAIN = new Set([404, 408, 409, 410, 423, 460]);

function failure(error: Error | DetailedError): ApiError {
  const answer = "originalResponse" in error ? error.originalResponse : null;
  if (answer === null) return new ApiError(0, "unreachable", error.message);
  const status = answer.getStatus();
  if (AGAIN.has(status)) return new ApiError(503, "upload_broken", error.message);
  try {
    const { code } = JSON.parse(answer.getBody()) as { code?: unknown };
    if (typeof code === "string") return new ApiError(status, code, error.message);
  } catch {
    // A proxy in between answers with a page of its own.
  }
  return new ApiError(status, status === 413 ? "file_too_large" : `http_${status}`, error.message);
}

/** A file that was changed or moved since it was picked cannot be read any more; the library would take that for a dead network. */
async function readable(bytes: Blob): Promise<boolean> {
  try {
    await bytes.slice(-1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

export const transfer: Transfer = (job, report) => {
  let upload: TusUpload | undefined;
  let stopped = false;
  const fail = (error: ApiError): void => {
    if (!stopped) report.failed(error);
  };
  const begin = async (): Promise<void> => {
    if (!(await readable(job.bytes))) return fail(new ApiError(422, "file_changed", "the file cannot be read"));
    const tus = await import("tus-js-client");
    if (stopped) return;
    upload = new tus.Upload(job.bytes, {
      endpoint: ENDPOINT,
      uploadUrl: job.url,
      metadata: job.metadata,
      chunkSize: CHUNK,
      // Whoever asked for the transfer knows better when to try again.
      retryDelays: null,
      storeFingerprintForResuming: false,
      onUploadUrlAvailable: () => {
        if (!stopped && upload?.url != null) report.located(upload.url);
      },
      onProgress: (sent) => {
        if (!stopped) report.sent(sent);
      },
      onChunkComplete: () => {
        if (!stopped) report.accepted();
      },
      onSuccess: () => {
        if (!stopped) report.done();
      },
      onError: (error) => fail(failure(error)),
    });
    upload.start();
  };
  void begin().catch((error: unknown) => fail(new ApiError(0, "unreachable", String(error))));
  return () => {
    stopped = true;
    void upload?.abort();
  };
};

/** Tells the server that nobody wants these bytes. If it does not hear it, it forgets them by itself in time. */
export function terminate(url: string): void {
  void fetch(url, { method: "DELETE", credentials: "same-origin", headers: { "tus-resumable": "1.0.0" }, keepalive: true }).catch(() => undefined);
}
