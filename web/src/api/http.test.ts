/** What becomes of answers, and of their absence. */
import { afterEach, expect, test, vi } from "vitest";
import { ApiError, request } from "./http";

const fetch = vi.fn<typeof globalThis.fetch>();
vi.stubGlobal("fetch", fetch);
afterEach(() => fetch.mockReset());

const json = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });

test("an answer, and an empty one", async () => {
  fetch.mockResolvedValueOnce(json(200, { a: 1 }));
  expect(await request("get", "/api/x")).toEqual({ a: 1 });
  fetch.mockResolvedValueOnce(new Response(null, { status: 204 }));
  expect(await request("delete", "/api/x")).toBeUndefined();
});

test("a body goes as JSON, with the cookie of this origin only", async () => {
  fetch.mockResolvedValueOnce(json(200, {}));
  await request("patch", "/api/x", { b: 2 });
  expect(fetch).toHaveBeenCalledWith(
    "/api/x",
    expect.objectContaining({
      method: "PATCH",
      credentials: "same-origin",
      body: '{"b":2}',
      headers: { "content-type": "application/json" },
    }),
  );
});

test.each([
  ["the server's refusal", () => json(409, { code: "login_taken", message: "m" }), 409, "login_taken", false],
  ["too many requests", () => json(429, { code: "too_many_requests", message: "m" }), 429, "too_many_requests", true],
  ["a proxy's page", () => new Response("<html>", { status: 502 }), 502, "http_502", true],
  ["a refusal without a code", () => json(400, { oops: 1 }), 400, "http_400", false],
  ["a success that is no JSON", () => new Response("<html>", { status: 200 }), 200, "bad_answer", false],
])("%s", async (_, answer, status, code, transient) => {
  fetch.mockResolvedValueOnce(answer());
  const error = await request("get", "/api/x").catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status, code, transient });
});

test("no network", async () => {
  fetch.mockRejectedValueOnce(new TypeError("failed to fetch"));
  await expect(request("get", "/api/x")).rejects.toMatchObject({ status: 0, code: "unreachable", transient: true });
});

test("a request that nobody wants any more is no failure of the network", async () => {
  const abort = new AbortController();
  abort.abort();
  fetch.mockRejectedValueOnce(abort.signal.reason);
  await expect(request("get", "/api/x", undefined, { signal: abort.signal })).rejects.toBe(abort.signal.reason);
});
