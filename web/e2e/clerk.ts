/** Somebody who writes without a browser: fills conversations fast, through the API as the page would. */
import type { Person, Server } from './server.ts';

export interface Sent {
  id: string;
  seq: number;
}

export class Clerk {
  private constructor(private readonly server: Server, private readonly cookie: string, readonly id: string) {}

  static async signIn(server: Server, { login, password }: Person): Promise<Clerk> {
    const answer = await server.fetch(`${server.url}/api/session`, {
      method: 'POST',
      headers: { origin: server.url, 'content-type': 'application/json' },
      body: JSON.stringify({ login, password }),
    });
    const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('session_token='))?.split(';')[0];
    if (!answer.ok || cookie === undefined) throw new Error(`signing in: ${String(answer.status)}`);
    const { user } = (await answer.json()) as { user: { id: string } };
    return new Clerk(server, cookie, user.id);
  }

  /** What is no text: a file. */
  async bytes(route: string): Promise<Buffer> {
    const answer = await this.server.fetch(`${this.server.url}${route}`, { headers: { origin: this.server.url, cookie: this.cookie } });
    if (!answer.ok) throw new Error(`${route}: ${String(answer.status)}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  async api<T>(method: string, route: string, body?: unknown): Promise<T> {
    const answer = await this.server.fetch(`${this.server.url}${route}`, {
      method,
      headers: { origin: this.server.url, cookie: this.cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${route}: ${String(answer.status)} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async chatWith(other: Clerk): Promise<string> {
    return (await this.api<{ id: string }>('POST', '/api/conversations', { user_id: other.id })).id;
  }

  write(conversationId: string, text: string, replyTo?: string): Promise<Sent> {
    const clientKey = `clerk-${Math.random().toString(36).slice(2)}-${Date.now()}`;
    return this.api('POST', `/api/conversations/${conversationId}/messages`, { client_key: clientKey, text, reply_to: replyTo ?? null });
  }
}

/** Texts of all lengths, so that no height can be guessed: "message 17 …". */
export function textOf(i: number): string {
  const words = ['отчёт', 'contract', 'сроки', 'invoice', 'meeting', 'договор', 'клиент'];
  const length = [2, 5, 1, 40, 3, 90, 8][i % 7] ?? 3;
  return `message ${i} ${Array.from({ length }, (_, k) => words[(i * 3 + k) % words.length]).join(' ')}${i % 11 === 0 ? '\nsecond line\nthird line' : ''}`;
}
