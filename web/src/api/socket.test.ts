/** The socket against a fake server, in virtual time. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "./http";
import { DOUBT_MS, PING_MS, POLL_MS, SILENCE_MS, Socket, type WebSocketLike } from "./socket";
import type { ClientFrame, EventPage, ServerFrame, StoredEvent, User } from "./types";

const user = (name: string): User => ({
  id: "u",
  login: "u",
  name,
  email: "u@example.org",
  role: "employee",
  invited: false,
  created_at: 0,
});
const event = (id: number): StoredEvent => ({ id, type: "user_changed", user: user(`n${id}`) });

class FakeSocket implements WebSocketLike {
  onmessage: WebSocketLike["onmessage"] = null;
  onclose: WebSocketLike["onclose"] = null;
  closed = false;
  readonly sent: ClientFrame[] = [];

  constructor(readonly path: string) {}

  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientFrame);
  }

  close(): void {
    this.closed = true;
  }

  say(frame: ServerFrame): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }

  hello(last_event_id: number, reset = false): void {
    this.say({ type: "hello", user_id: "u", device_id: "d", last_event_id, reset });
  }

  event(id: number): void {
    this.say({ type: "event", event: event(id) });
  }

  break(code = 1006): void {
    this.onclose?.(new CloseEvent("close", { code }));
  }
}

function setUp() {
  const sockets: FakeSocket[] = [];
  const seen: number[] = [];
  const reset = vi.fn();
  const failed = vi.fn();
  const page: EventPage = { events: [], last_event_id: 0, more: false, reset: false };
  const fetchEvents = vi.fn<(after: number) => Promise<EventPage>>(async () => page);
  const socket = new Socket({
    open: (path) => {
      const fake = new FakeSocket(path);
      sockets.push(fake);
      return fake;
    },
    fetchEvents,
    random: () => 1,
  });
  socket.listen({ event: ({ id }) => seen.push(id), reset, failed });
  socket.start();
  const last = (): FakeSocket => sockets.at(-1)!;
  return { socket, sockets, last, seen, reset, failed, fetchEvents };
}

let world: ReturnType<typeof setUp>;
beforeEach(() => {
  vi.useFakeTimers();
  world = setUp();
});
afterEach(() => {
  world.socket.stop();
  vi.useRealTimers();
});

describe("events", () => {
  test("each once and in order, whatever is repeated", () => {
    world.last().hello(5);
    for (const id of [5, 6, 7, 6, 7, 9]) world.last().event(id);
    expect(world.seen).toEqual([6, 7, 9]);
  });

  test("a new socket resumes after the last one seen", async () => {
    world.last().hello(5);
    world.last().event(8);
    world.last().break();
    await vi.advanceTimersByTimeAsync(500);
    expect(world.last().path).toBe("/api/socket?after=8");
    world.last().hello(12);
    world.last().event(8);
    world.last().event(11);
    expect(world.seen).toEqual([8, 11]);
  });

  test("what was fetched before the first hello is fetched anew; after a resume only if the server says so", async () => {
    world.last().hello(5);
    expect(world.reset).toHaveBeenCalledTimes(1);
    world.last().break();
    await vi.advanceTimersByTimeAsync(500);
    world.last().hello(5);
    expect(world.reset).toHaveBeenCalledTimes(1);
    world.last().break();
    await vi.advanceTimersByTimeAsync(500);
    world.last().hello(90, true);
    expect(world.reset).toHaveBeenCalledTimes(2);
    world.last().event(90);
    world.last().event(91);
    expect(world.seen).toEqual([91]);
  });

  test("a frame that is no JSON is ignored", () => {
    world.last().onmessage?.(new MessageEvent("message", { data: "{" }));
    world.last().hello(1);
    expect(world.socket.state.get().status).toBe("online");
  });
});

describe("while the socket is down", () => {
  beforeEach(() => {
    world.last().hello(5);
    world.last().break();
  });

  test("events are fetched every 5 s, all pages at once", async () => {
    world.fetchEvents
      .mockResolvedValueOnce({ events: [event(6)], last_event_id: 6, more: true, reset: false })
      .mockResolvedValueOnce({ events: [event(7)], last_event_id: 9, more: false, reset: false });
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(world.fetchEvents.mock.calls).toEqual([[5], [6]]);
    expect(world.seen).toEqual([6, 7]);
    expect(world.socket.state.get().status).toBe("polling");
    // The stream went on past what this user may see.
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(world.fetchEvents).toHaveBeenLastCalledWith(9);
  });

  test("fetching stops when it is back, and what comes both ways is told once", async () => {
    let answer: (page: EventPage) => void = () => undefined;
    world.fetchEvents.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    await vi.advanceTimersByTimeAsync(POLL_MS);
    world.last().hello(6);
    world.last().event(6);
    answer({ events: [event(6)], last_event_id: 6, more: false, reset: false });
    await vi.advanceTimersByTimeAsync(2 * POLL_MS);
    expect(world.fetchEvents).toHaveBeenCalledTimes(1);
    expect(world.seen).toEqual([6]);
    expect(world.socket.state.get().status).toBe("online");
  });

  test("offline when fetching fails too; a refused session is told", async () => {
    world.fetchEvents.mockRejectedValue(new ApiError(401, "not_signed_in", ""));
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(world.socket.state.get().status).toBe("offline");
    expect(world.failed).toHaveBeenCalledWith(expect.objectContaining({ status: 401 }));
  });

  test("it backs off to 15 s", async () => {
    const tries: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const from = Date.now();
      const before = world.sockets.length;
      while (world.sockets.length === before) await vi.advanceTimersByTimeAsync(100);
      tries.push(Date.now() - from);
      world.last().break();
    }
    expect(tries).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  });

  test("the network coming back ends the back-off", async () => {
    for (let i = 0; i < 5; i += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      world.last().break();
    }
    const before = world.sockets.length;
    window.dispatchEvent(new Event("online"));
    expect(world.sockets.length).toBe(before + 1);
  });
});

describe("a dead line", () => {
  test("is noticed though nobody closed it", async () => {
    world.last().hello(1);
    const dead = world.last();
    await vi.advanceTimersByTimeAsync(SILENCE_MS + PING_MS);
    expect(dead.closed).toBe(true);
    expect(dead.sent.filter(({ type }) => type === "ping").length).toBeGreaterThanOrEqual(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(world.sockets.length).toBe(2);
    dead.event(2);
    expect(world.seen).toEqual([]);
  });

  test("lives as long as it is answered", async () => {
    world.last().hello(1);
    for (let i = 0; i < 10; i += 1) {
      await vi.advanceTimersByTimeAsync(PING_MS);
      world.last().say({ type: "pong" });
    }
    expect(world.sockets.length).toBe(1);
  });

  test("is noticed while it opens, too", async () => {
    await vi.advanceTimersByTimeAsync(SILENCE_MS + PING_MS + 500);
    expect(world.sockets.length).toBe(2);
  });
});

test("frames are sent only after the hello", () => {
  expect(world.socket.send({ type: "ping" })).toBe(false);
  world.last().hello(1);
  expect(world.socket.send({ type: "ping" })).toBe(true);
});

test("a session that the server ended is told at once", () => {
  world.last().hello(1);
  world.last().break(4401);
  expect(world.failed).toHaveBeenCalledWith(expect.objectContaining({ status: 401 }));
});

test("after stop nothing happens any more, and the next user begins anew", async () => {
  world.last().hello(7);
  world.socket.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(world.sockets.length).toBe(1);
  expect(world.fetchEvents).not.toHaveBeenCalled();
  world.socket.start();
  expect(world.last().path).toBe("/api/socket");
});

describe("a line that somebody doubts", () => {
  test("is another one soon, if it shows no sign of life, and goes on where it was", () => {
    const { socket, sockets, last } = setUp();
    last().hello(7);
    socket.doubt();
    socket.doubt();
    expect(last().sent).toEqual([{ type: "ping" }]);
    vi.advanceTimersByTime(DOUBT_MS - 1);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets.map(({ closed }) => closed)).toEqual([true, false]);
    expect(last().path).toBe("/api/socket?after=7");
    expect(socket.state.get().status).toBe("connecting");
    last().hello(7);
    expect(socket.state.get().status).toBe("online");
  });

  test("stays if it answers", () => {
    const { socket, sockets, last } = setUp();
    last().hello(0);
    socket.doubt();
    vi.advanceTimersByTime(100);
    last().say({ type: "pong" });
    vi.advanceTimersByTime(DOUBT_MS);
    expect(sockets).toHaveLength(1);
  });

  test("is waited for while it opens, but not for ever; and no back-off is waited out", () => {
    const { socket, sockets, last } = setUp();
    socket.doubt();
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(3_000);
    socket.doubt();
    expect(sockets).toHaveLength(2);
    last().break();
    socket.doubt();
    expect(sockets).toHaveLength(3);
    socket.stop();
    socket.doubt();
    expect(sockets).toHaveLength(3);
  });
});
