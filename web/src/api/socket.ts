/**
 * The one socket of this tab. It reconnects by itself (back-off with jitter; at once when the network or the tab comes back),
 * resumes after the last event it saw, notices a dead line, and fetches events every 5 s while it is down. Each event reaches
 * the listeners once and in order, whichever way it came.
 */
import { Store } from "../lib/store";
import { ApiError } from "./http";
import type { ClientFrame, EventPage, ServerFrame, StoredEvent } from "./types";

export interface ConnectionState {
  /** `polling`: the socket is down but fetching works. `offline`: neither does. */
  status: "connecting" | "online" | "polling" | "offline";
}

/** What the socket needs of the world; a test gives its own. */
export interface SocketWorld {
  open(path: string): WebSocketLike;
  /** `GET /api/events?after=`. */
  fetchEvents(after: number): Promise<EventPage>;
  random(): number;
}

/** The part of `WebSocket` that is used. */
export interface WebSocketLike {
  send(data: string): void;
  close(code?: number): void;
  onmessage: ((event: MessageEvent<string>) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
}

export interface SocketListener {
  event?(event: StoredEvent): void;
  frame?(frame: ServerFrame): void;
  /** Events may have been missed: fetch everything anew. */
  reset?(): void;
  /** The server could not be asked for events, or has ended the session (an `ApiError` with status 401). */
  failed?(error: unknown): void;
}

export const PING_MS = 10_000;
/** Two pings unanswered: the line is dead though nobody closed it. */
export const SILENCE_MS = 22_000;
/** How soon a line that somebody doubts has to show a sign of life. */
export const DOUBT_MS = 800;
/** What opening a line may take before a doubt opens another. */
const OPENING_MS = 3_000;
export const POLL_MS = 5_000;
/** Close code of a session that has ended (signed out, deactivated). */
const SESSION_ENDED = 4401;
const BACK_OFF_FIRST_MS = 500;
const BACK_OFF_MOST_MS = 15_000;

export class Socket {
  readonly state = new Store<ConnectionState>({ status: "connecting" });
  readonly #world: SocketWorld;
  readonly #listeners = new Set<SocketListener>();
  #socket: WebSocketLike | null = null;
  /** Hello has come: frames may be sent. */
  #ready = false;
  #running = false;
  /** The id of the last event that the listeners were told of; null before the first hello. */
  #last: number | null = null;
  #failures = 0;
  #heardAt = 0;
  #polling = false;
  #openedAt = 0;
  #doubted: ReturnType<typeof setTimeout> | undefined;
  #reconnect: ReturnType<typeof setTimeout> | undefined;
  #pings: ReturnType<typeof setInterval> | undefined;
  #polls: ReturnType<typeof setInterval> | undefined;

  constructor(world: SocketWorld) {
    this.#world = world;
  }

  /** Runs until `stop`. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#heardAt = Date.now();
    addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#seen);
    this.#connect();
  }

  /** Closes the line and forgets the place in the stream: the next start may be another user's. */
  stop(): void {
    this.#running = false;
    removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#reconnect);
    this.#stopPolling();
    this.#drop();
    this.#last = null;
    this.#failures = 0;
    this.state.set({ status: "connecting" });
  }

  listen(listener: SocketListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** False if the socket is down: the frame was not sent and will not be. */
  send(frame: ClientFrame): boolean {
    if (!this.#ready || this.#socket === null) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /**
   * Something else says that the network is another one (a call hears nothing any more): the line shows a sign of life soon, or a new
   * one is opened. TCP by itself would hope for minutes that an address comes back that is gone.
   */
  doubt(): void {
    if (!this.#running || this.#doubted !== undefined) return;
    if (!this.#ready) {
      if (this.#socket === null || Date.now() - this.#openedAt >= OPENING_MS) this.#connectAnew();
      return;
    }
    const since = Date.now();
    this.send({ type: "ping" });
    this.#doubted = setTimeout(() => {
      this.#doubted = undefined;
      if (this.#heardAt <= since) this.#connectAnew();
    }, DOUBT_MS);
  }

  #connectAnew(): void {
    this.#failures = 0;
    if (this.state.get().status === "online") this.state.set({ status: "connecting" });
    this.#connect();
  }

  #connect(): void {
    clearTimeout(this.#reconnect);
    this.#drop();
    this.#openedAt = Date.now();
    const socket = this.#world.open(this.#last === null ? "/api/socket" : `/api/socket?after=${this.#last}`);
    this.#socket = socket;
    this.#heardAt = Date.now();
    // The alarm runs from the first moment: a connection that hangs while opening is a dead line too.
    this.#pings = setInterval(this.#tick, PING_MS);
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      this.#lost();
      if (code === SESSION_ENDED) {
        this.#tell((listener) => listener.failed?.(new ApiError(401, "not_signed_in", "the session has ended")));
      }
    };
  }

  /** Lets go of the present socket without hearing of its end. */
  #drop(): void {
    clearInterval(this.#pings);
    clearTimeout(this.#doubted);
    this.#doubted = undefined;
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    if (socket === null) return;
    socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  readonly #tick = (): void => {
    if (Date.now() - this.#heardAt >= SILENCE_MS) {
      this.#drop();
      this.#lost();
      return;
    }
    this.send({ type: "ping" });
  };

  #lost(): void {
    this.#drop();
    if (!this.#running) return;
    if (this.state.get().status === "online") this.state.set({ status: "connecting" });
    this.#failures += 1;
    const most = Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** (this.#failures - 1));
    this.#reconnect = setTimeout(() => this.#connect(), most * (0.5 + this.#world.random() / 2));
    this.#startPolling();
  }

  /** The network or the reader is back: no reason to wait out the back-off. */
  readonly #wake = (): void => {
    if (this.#ready) return this.#tick();
    if (this.#socket !== null && Date.now() - this.#heardAt < PING_MS) return;
    this.#failures = 0;
    this.#connect();
  };

  readonly #seen = (): void => {
    if (document.visibilityState === "visible") this.#wake();
  };

  #receive(data: string): void {
    this.#heardAt = Date.now();
    const frame = parseFrame(data);
    if (frame === null) return;
    if (frame.type === "hello") this.#greet(frame);
    if (frame.type === "event") this.#apply(frame.event);
    this.#tell((listener) => listener.frame?.(frame));
  }

  #greet(hello: Extract<ServerFrame, { type: "hello" }>): void {
    this.#ready = true;
    this.#failures = 0;
    this.#stopPolling();
    const first = this.#last === null;
    if (first || hello.reset) {
      this.#last = hello.last_event_id;
      // What was fetched before the first hello may be older than the place where the stream now begins.
      this.#tell((listener) => listener.reset?.());
    }
    this.state.set({ status: "online" });
  }

  #apply(event: StoredEvent): void {
    if (this.#last !== null && event.id <= this.#last) return;
    this.#last = event.id;
    this.#tell((listener) => listener.event?.(event));
  }

  #startPolling(): void {
    if (this.#polls !== undefined) return;
    this.#polls = setInterval(() => void this.#poll(), POLL_MS);
  }

  #stopPolling(): void {
    clearInterval(this.#polls);
    this.#polls = undefined;
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      let more = true;
      // The socket may come back meanwhile, or the user go.
      while (more && this.#polls !== undefined) {
        const fetched = await this.#world.fetchEvents(this.#last ?? 0);
        if (this.#polls !== undefined) this.#take(fetched);
        more = fetched.more;
      }
    } catch (error) {
      if (this.#polls !== undefined) {
        this.state.set({ status: "offline" });
        this.#tell((listener) => listener.failed?.(error));
      }
    } finally {
      this.#polling = false;
    }
  }

  #take(fetched: EventPage): void {
    if (fetched.reset || this.#last === null) {
      this.#last = fetched.last_event_id;
      this.#tell((listener) => listener.reset?.());
    } else {
      for (const event of fetched.events) this.#apply(event);
      this.#last = Math.max(this.#last, fetched.last_event_id);
    }
    this.state.set({ status: "polling" });
  }

  #tell(what: (listener: SocketListener) => void): void {
    for (const listener of [...this.#listeners]) what(listener);
  }
}

function parseFrame(data: string): ServerFrame | null {
  try {
    return JSON.parse(data) as ServerFrame;
  } catch {
    return null;
  }
}

/** The browser's own world. */
export function browserWorld(fetchEvents: SocketWorld["fetchEvents"]): SocketWorld {
  return {
    open: (path) => new WebSocket(new URL(path, location.href.replace(/^http/u, "ws"))),
    fetchEvents,
    random: Math.random,
  };
}
