/** Starts the built server for a test, and talks to its API as the page would. Owns the process until `stop`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const binary = process.env.STAFFLINE_BINARY ?? path.join(root, 'target/debug/staffline');

export interface Person {
  name: string;
  login: string;
  password: string;
}

export interface NodeReport {
  media_packets_in: number;
  media_bytes_in: number;
  media_packets_out: number;
  media_bytes_out: number;
  sessions: number;
  stun_answers: number;
  retransmitted_packets: number;
}

/** What the admin's dashboard knows of the relay, as far as the tests ask. */
export interface RelayReport {
  totals: { media_bytes_in: number; turn_bytes_in: number };
  live_calls: { id: string }[];
}

/** The path that a call takes. */
export type Path = 'direct' | 'relayed' | 'media_node';
/** What the admin sets. */
export type Policy = Path | 'auto';

export const admin: Person = { name: 'Alla Admin', login: 'alla', password: 'correct horse battery' };
export const anna: Person = { name: 'Анна Орлова', login: 'anna', password: 'anna keeps a secret' };
export const boris: Person = { name: 'Boris Stone', login: 'boris', password: 'boris keeps a secret' };

export interface ServerOptions {
  /** What the server listens on. */
  listen?: string;
  /** The address that people open; told to the server as its public URL. */
  url: string;
  args?: string[];
  /** Words to put before the binary, to run it somewhere else (a network namespace). */
  runner?: string[];
  /** The HTTP client, for servers that this process cannot reach by itself. */
  fetch?: typeof fetch;
}

/** One server with its own empty data folder. */
export class Server {
  private child: ChildProcess | undefined;
  private readonly data = mkdtempSync(path.join(tmpdir(), 'staffline-e2e-'));
  private cookie = '';
  private log: string[] = [];
  private readonly waiting = new Set<(line: string) => void>();

  private constructor(private readonly options: ServerOptions) {}

  static async start(options: ServerOptions): Promise<Server> {
    const server = new Server(options);
    await server.launch();
    return server;
  }

  /** Of the process itself, unless a runner stands before it. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get url(): string {
    return this.options.url;
  }

  get fetch(): typeof fetch {
    return this.options.fetch ?? fetch;
  }

  /** Where it keeps everything. */
  get folder(): string {
    return this.data;
  }

  /** Starts the process and waits until it says that it listens. */
  async launch(): Promise<void> {
    const { runner = [], args = [], listen } = this.options;
    const [program, ...rest] = [...runner, binary, 'serve', '--data', this.data, '--public-url', this.url];
    const child = spawn(program as string, [...rest, ...(listen ? ['--listen', listen] : []), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.log = [];
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', (line) => { this.read(line); });
    await this.said(/listens on/);
  }

  private read(line: string): void {
    this.log.push(line);
    for (const look of this.waiting) look(line);
  }

  /** The first line of this run that matches; fails if the server ends before. */
  private said(pattern: RegExp): Promise<string> {
    const found = this.log.find((line) => pattern.test(line));
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const look = (line: string): void => {
        if (!pattern.test(line)) return;
        this.waiting.delete(look);
        resolve(line);
      };
      this.waiting.add(look);
      const fail = (why: string): void => { reject(new Error(`the server ${why} before it said ${String(pattern)}:\n${this.output()}`)); };
      this.child?.once('error', (error) => { fail(error.message); });
      this.child?.once('exit', (code) => { fail(`ended with ${String(code)}`); });
    });
  }

  /** The one-time link that the first start prints. */
  async setupLink(): Promise<string> {
    return (await this.said(/\/invitation#/)).trim();
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  output(): string {
    return this.log.join('\n');
  }

  /** Calls the API as the admin. */
  async api<T>(method: string, route: string, body?: unknown): Promise<T> {
    const answer = await this.fetch(`${this.url}${route}`, {
      method,
      headers: { origin: this.url, cookie: this.cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${route}: ${String(answer.status)} ${await answer.text()}`);
    const cookie = answer.headers.getSetCookie().find((c) => c.startsWith('session_token='));
    if (cookie) this.cookie = cookie.split(';')[0] ?? '';
    const text = await answer.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** The first admin follows the link that the server printed. */
  async setUp(): Promise<void> {
    const token = (await this.setupLink()).split('#')[1];
    await this.api('POST', '/api/invitations/accept', {
      token, password: admin.password, name: admin.name, login: admin.login, email: 'alla@example.org',
    });
  }

  /** A member of staff who has accepted the invitation. */
  async add(person: Person, role = 'employee'): Promise<void> {
    const { name, login, password } = person;
    const made = await this.api<{ invitation: { url: string } }>('POST', '/api/users', { name, login, email: `${login}@example.org`, role });
    const answer = await this.fetch(`${this.url}/api/invitations/accept`, {
      method: 'POST',
      headers: { origin: this.url, 'content-type': 'application/json' },
      body: JSON.stringify({ token: made.invitation.url.split('#')[1], password }),
    });
    if (!answer.ok) throw new Error(`accepting the invitation: ${String(answer.status)} ${await answer.text()}`);
  }

  async setPath(policy: Policy): Promise<void> {
    await this.api('PUT', '/api/admin/path-policy', { default: policy, rules: [] });
  }

  relay(): Promise<RelayReport> {
    return this.api('GET', '/api/admin/relay');
  }

  report(): Promise<NodeReport> {
    return this.api('GET', '/api/admin/media');
  }
}
