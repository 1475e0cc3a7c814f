/** Requests to the server: typed, same origin, and failures as one `ApiError` with the server's stable code. */

/** Codes made here, beside those of the server. */
export type LocalCode = "unreachable" | "bad_answer";

export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** HTTP status; 0 if the server was not reached. */
    readonly status: number,
    readonly code: string,
    message: string,
    /** Which part of the body the server means, such as `rules[2].name`; not every refusal says so. */
    readonly at: string | null = null,
  ) {
    super(message);
  }

  /** Whether trying the same again later can help. */
  get transient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof ApiError ? error.code : "unknown";
}

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** No answer of the API takes this long; a request that does is lost in a dead network. */
const TIMEOUT_MS = 20_000;

export interface RequestOptions {
  signal?: AbortSignal | undefined;
  /** The request outlives the page; its body is small. */
  keepalive?: boolean;
}

async function send(method: Method, path: string, body: unknown, { signal, keepalive = false }: RequestOptions): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(path, {
      method: method.toUpperCase(),
      credentials: "same-origin",
      keepalive,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      // A file says itself what it is.
      headers: body === undefined || body instanceof Blob ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : body instanceof Blob ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError(0, "unreachable", error instanceof Error ? error.message : String(error));
  }
}

async function failure(response: Response): Promise<ApiError> {
  try {
    const { code, message, at } = (await response.json()) as { code?: unknown; message?: unknown; at?: unknown };
    if (typeof code === "string") {
      const part = typeof at === "string" ? at : null;
      return new ApiError(response.status, code, typeof message === "string" ? message : code, part);
    }
  } catch {
    // A proxy in between answers with a page of its own.
  }
  return new ApiError(response.status, `http_${response.status}`, response.statusText);
}

/** `T` is what the route answers; for an empty answer it is `void`. */
export async function request<T>(method: Method, path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, body, options);
  if (!response.ok) throw await failure(response);
  const text = await response.text();
  if (text.length === 0) return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError(response.status, "bad_answer", "the answer is no JSON");
  }
}
