/** Offices behind NATs, a server in their internet, and a colleague signed in at each: a lab for one test. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, expect } from '@playwright/test';
import { SERVER_IP, type Lab, type Profile, up } from '../../tests/netlab/lab.mjs';
import { type Person, Server, anna, boris } from './server.ts';
import { Staff, fps, openBrowser } from './staff.ts';
import { type Flow, type Page, connected, flowing, readStats, watch } from './stats.ts';

/** The only one that is open. */
export const SERVER_PORT = 443;

/** A recording, in base64. */
const MAX_ANSWER = 256 * 1024 * 1024;

const fetchScript = fileURLToPath(new URL('../../tests/netlab/fetch.mjs', import.meta.url));

/** `fetch` from the internet of the lab; this process is outside of it. */
function labFetch(lab: Lab): typeof fetch {
  return async (url, init) => {
    const [program, ...rest] = [...lab.runner('internet'), 'env', `NODE_EXTRA_CA_CERTS=${lab.certificate.ca}`,
      process.execPath, fetchScript, JSON.stringify(url), JSON.stringify(init)];
    const { stdout } = await promisify(execFile)(program as string, rest, { maxBuffer: MAX_ANSWER });
    const { status, headers, body } = JSON.parse(stdout) as { status: number; headers: [string, string][]; body: string };
    return new Response(body === '' ? null : Buffer.from(body, 'base64'), { status, headers });
  };
}

export interface Offices {
  lab: Lab;
  server: Server;
  a: Staff;
  b: Staff;
}

/**
 * Two offices, a server in the internet behind a firewall with one open port, and a colleague signed in at each, whose page runs `scripts`
 * first, in a browser with more `flags`.
 */
export async function inOffices(
  profiles: [Profile, Profile], use: (offices: Offices) => Promise<void>, scripts: (() => void)[] = [], flags: (letter: string) => string[] = () => [],
): Promise<void> {
  const lab = up(...profiles);
  const browsers: Browser[] = [];
  let server: Server | undefined;
  try {
    const { cert, key } = lab.certificate;
    lab.onlyPort(SERVER_PORT);
    server = await Server.start({
      url: lab.url, listen: `0.0.0.0:${SERVER_PORT}`, runner: lab.runner('internet'), fetch: labFetch(lab),
      args: ['--tls-cert', cert, '--tls-key', key, '--public-ip', SERVER_IP],
    });
    await server.setUp();
    await server.add(anna);
    await server.add(boris);
    const enter = async (letter: string, person: Person): Promise<Staff> => {
      const args = [...lab.browserArgs(letter), `--use-fake-device-for-media-stream=fps=${fps}`, ...flags(letter)];
      const browser = await openBrowser({ executablePath: lab.browserExecutable(`office-${letter}`), args });
      browsers.push(browser);
      return Staff.signIn(browser, lab.url, person, {}, scripts);
    };
    const [a, b] = await Promise.all([enter('a', anna), enter('b', boris)]);
    await use({ lab, server, a, b });
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()));
    await server?.dispose();
    await lab.down();
  }
}

/** Anna calls, Boris accepts. */
export async function ring({ a, b }: Offices): Promise<void> {
  await a.openChat(boris.name);
  await a.call('Call with video');
  await b.accept();
  await expect(a.pathBadge).toBeVisible();
}

/** Sound and picture have begun to arrive at both. */
export async function talking({ a, b }: Offices): Promise<void> {
  for (const { page } of [a, b]) {
    await connected(page);
    await flowing(page);
  }
}

export function watchBoth({ a, b }: Offices, seconds: number): Promise<[Flow, Flow]> {
  return Promise.all([watch(a.page, seconds), watch(b.page, seconds)]);
}

/** What has arrived until now; a connection made anew counts from nothing. */
async function arrived(page: Page): Promise<{ frames: number; sound: number }> {
  try {
    const { framesDecoded, audioPacketsReceived } = await readStats(page);
    return { frames: framesDecoded, sound: audioPacketsReceived };
  } catch {
    return { frames: 0, sound: 0 };
  }
}

/** Milliseconds until sound and picture, or the sound alone, arrive again at both, looked at from now on. */
export async function mediaBack({ a, b }: Pick<Offices, 'a' | 'b'>, withinMs: number, what: 'all' | 'sound' = 'all'): Promise<number> {
  const begin = performance.now();
  const back = async (page: Page): Promise<void> => {
    let before = await arrived(page);
    await expect(async () => {
      const now = await arrived(page);
      const flows = (what === 'sound' || now.frames > before.frames + 2) && now.sound > before.sound + 5;
      if (now.frames < before.frames || now.sound < before.sound) before = now;
      expect(flows).toBe(true);
    }).toPass({ timeout: withinMs, intervals: [100] });
  };
  await Promise.all([back(a.page), back(b.page)]);
  return performance.now() - begin;
}
