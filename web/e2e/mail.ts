/** A real mail server for a test, aiosmtpd in a process of its own, which `scripts/smtp-venv` has installed. Ends with its input. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import path from 'node:path';
import { type Interface, createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One line of what the mail server says. */
interface Said {
  port?: number;
  recipients?: string[];
  /** The whole mail, Base64. */
  content?: string;
}

export interface Mail {
  recipients: string[];
  text: string;
}

/** Without the soft line breaks, and with the bytes that were written as `=XX` (RFC 2045 §6.7). */
function quotedPrintable(text: string): string {
  const bytes = text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

export class MailServer {
  port = 0;
  private readonly lines: AsyncIterator<string>;

  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, null>, said: Interface) {
    this.lines = said[Symbol.asyncIterator]();
  }

  static async start(): Promise<MailServer> {
    const python = path.join(root, 'target/tools/smtp/bin/python');
    const child = spawn(python, [path.join(root, 'tests/api/smtp/server.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const server = new MailServer(child, createInterface(child.stdout));
    server.port = (await server.said()).port ?? 0;
    return server;
  }

  private async said(): Promise<Said> {
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error('the mail server has ended; has scripts/smtp-venv been run?');
    return JSON.parse(value as string) as Said;
  }

  /** The next mail that it takes. */
  async mail(): Promise<Mail> {
    for (;;) {
      const { recipients = [], content } = await this.said();
      if (content !== undefined) return { recipients, text: quotedPrintable(Buffer.from(content, 'base64').toString('latin1')) };
    }
  }

  stop(): void {
    this.child.stdin.end();
  }
}
