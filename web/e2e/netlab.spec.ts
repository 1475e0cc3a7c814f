/** Offices behind NATs: where a direct call works, where it cannot, and that the media node works on both. */
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Browser, expect, test } from '@playwright/test';
import { SERVER_IP, type Lab, up } from '../../tests/netlab/lab.mjs';
import { Server, anna, boris } from './server.ts';
import { Staff, openBrowser } from './staff.ts';
import { flowing, watch } from './stats.ts';

test.describe.configure({ timeout: 240_000 });

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

interface Offices {
  lab: Lab;
  server: Server;
  a: Staff;
  b: Staff;
}

/** Two offices, a server in the internet, and a colleague signed in at each. */
async function inOffices(profiles: [string, string], use: (offices: Offices) => Promise<void>): Promise<void> {
  const lab = up(...(profiles as Parameters<typeof up>));
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

async function ring({ a, b }: Offices): Promise<void> {
  await a.openChat(boris.name);
  await a.call('Call with video');
  await b.accept();
  await expect(a.pathBadge).toBeVisible();
}

function state(staff: Staff): Promise<string> {
  return staff.page.evaluate(() => window.stafflineCall?.()?.connectionState ?? 'none');
}

/** Media both ways for some seconds, on the path that the policy chose. */
async function expectMedia({ a, b }: Offices, seconds: number, atMostLost: number): Promise<void> {
  for (const staff of [a, b]) {
    await staff.page.waitForFunction(() => window.stafflineCall?.()?.connectionState === 'connected');
    await flowing(staff.page);
  }
  for (const flow of await Promise.all([watch(a.page, seconds), watch(b.page, seconds)])) {
    expect(flow.framesPerSecond).toBeGreaterThan(5);
    expect(flow.audioEnergy).toBeGreaterThan(0);
    expect(flow.lostShare).toBeLessThan(atMostLost);
  }
}

/** The call, through the node's one port; ends it. */
async function expectNodeCall(offices: Offices, seconds: number): Promise<void> {
  await offices.server.setPath('media_node');
  await ring(offices);
  await expectMedia(offices, seconds, 0.01);
  for (const staff of [offices.a, offices.b]) {
    const { last } = await watch(staff.page, 0);
    expect(last.remoteAddress).toBe(SERVER_IP);
    expect(last.remotePort).toBe(443);
  }
}

test('cone and cone: direct works, the media node works', async () => {
  await inOffices(['cone', 'cone'], async (offices) => {
    await ring(offices);
    await expectMedia(offices, 5, 0.01);
    expect((await offices.server.report()).media_bytes_in).toBe(0);
    await offices.a.hangUp();
    await expect(offices.b.pathBadge).toBeHidden();
    await expectNodeCall(offices, 5);
  });
});

test('symmetric and symmetric: direct fails, the media node works', async () => {
  await inOffices(['symmetric', 'symmetric'], async (offices) => {
    await ring(offices);
    await expect.poll(() => state(offices.a), { timeout: 60_000 }).toMatch(/failed|none/);
    if ((await state(offices.a)) !== 'none') await offices.a.hangUp();
    await expect(offices.b.pathBadge).toBeHidden({ timeout: 30_000 });
    await expectNodeCall(offices, 5);
  });
});

test('the media node survives 3 % of packet loss each way', async () => {
  await inOffices(['cone', 'cone'], async (offices) => {
    await offices.server.setPath('media_node');
    await ring(offices);
    await expectMedia(offices, 3, 0.01);
    offices.lab.impair('a', { loss: 3 });
    const flows = await Promise.all([watch(offices.a.page, 30), watch(offices.b.page, 30)]);
    for (const flow of flows) {
      expect(flow.framesPerSecond).toBeGreaterThan(10);
      expect(flow.audioEnergy).toBeGreaterThan(0);
      expect(flow.freezes).toBeLessThan(10);
    }
    expect((await offices.server.report()).retransmitted_packets).toBeGreaterThan(0);
  });
});
