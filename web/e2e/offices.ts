/** Offices behind NATs, a server in their internet, and a colleague signed in at each: a lab for one test. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, expect } from '@playwright/test';
import { SERVER_IP, type Lab, type Profile, up } from '../../tests/netlab/lab.mjs';
import { Server, anna, boris } from './server.ts';
import { Staff, openBrowser } from './staff.ts';
import { type Flow, connected, flowing, watch } from './stats.ts';

const fetchScript = fileURLToPath(new URL('../../tests/netlab/fetch.mjs', import.meta.url));

/** `fetch` from the internet of the lab; this process is outside of it. */
function labFetch(lab: Lab): typeof fetch {
  return async (url, init) => {
    const [program, ...rest] = [...lab.runner('internet'), 'env', `NODE_EXTRA_CA_CERTS=${lab.certificate.ca}`,
      process.execPath, fetchScript, JSON.stringify(url), JSON.stringify(init)];
    const { stdout } = await promisify(execFile)(program as string, rest);
    const { status, headers, body } = JSON.parse(stdout) as { status: number; headers: [string, string][]; body: string };
    return new Response(body === '' ? null : body, { status, headers });
  };
}

export interface Offices {
  lab: Lab;
  server: Server;
  a: Staff;
  b: Staff;
}

/** Two offices, a server in the internet, and a colleague signed in at each. */
export async function inOffices(profiles: [Profile, Profile], use: (offices: Offices) => Promise<void>): Promise<void> {
  const lab = up(...profiles);
  const browsers: Browser[] = [];
  let server: Server | undefined;
  try {
    const { cert, key } = lab.certificate;
    server = await Server.start({
      url: lab.url, listen: '0.0.0.0:443', runner: lab.runner('internet'), fetch: labFetch(lab),
      args: ['--tls-cert', cert, '--tls-key', key, '--public-ip', SERVER_IP],
    });
    await server.setUp();
    await server.add(anna);
    await server.add(boris);
    for (const office of ['office-a', 'office-b']) {
      browsers.push(await openBrowser({ executablePath: lab.browserExecutable(office), args: lab.chromiumArgs }));
    }
    const [inA, inB] = browsers as [Browser, Browser];
    const a = await Staff.signIn(inA, lab.url, anna);
    const b = await Staff.signIn(inB, lab.url, boris);
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
