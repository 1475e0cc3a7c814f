/** A call outlives what befalls it: a reload, a broken socket, a way that leads nowhere, another call; and ends when its page does. */
import { expect, test } from './fixtures.ts';
import { Line } from './line.ts';
import { freePort } from './ports.ts';
import { Server, anna, boris, type Person } from './server.ts';
import { Staff, openBrowser } from './staff.ts';
import { flowing, watch } from './stats.ts';

const clara: Person = { name: 'Clara Weiss', login: 'clara', password: 'clara keeps a secret' };

async function connect(a: Staff, b: Staff): Promise<void> {
  await a.openChat(boris.name);
  await a.call('Call with video');
  await b.accept();
  for (const staff of [a, b]) {
    await staff.connected();
    await flowing(staff.page);
  }
}

interface Life {
  /** Milliseconds of the page's own life after which its call is connected, as the page itself sees them. */
  connectedMs: number;
  /** What passes for quick on this machine: nothing of ours waits until then. */
  quickMs: number;
}

const QUICK_MS = 3_000;
/** What the page's own scripts take until they have begun, against what is all of a return. */
const STARTS = 6;

/** Loads the page anew. */
async function reload({ page }: Staff): Promise<Life> {
  await page.addInitScript(() => {
    const Native = RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.addEventListener('connectionstatechange', () => {
          if (this.connectionState === 'connected') performance.mark('connected');
        });
      }
    };
  });
  await page.reload();
  const handle = await page.waitForFunction(() => performance.getEntriesByName('connected')[0]?.startTime);
  const started = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    return navigation?.domContentLoadedEventEnd ?? 0;
  });
  return { connectedMs: (await handle.jsonValue()) as number, quickMs: Math.max(QUICK_MS, STARTS * started) };
}

async function expectQuickReturn(staff: Staff): Promise<void> {
  const { connectedMs, quickMs } = await reload(staff);
  expect(connectedMs).toBeLessThan(quickMs);
}

const entries = (staff: Staff) => staff.messages.getByText(/call/i);

for (const path of ['direct', 'media_node'] as const) {
  test(`a reload returns into the call, as muted as before (${path})`, async ({ server, two: { a, b } }) => {
    await server.setPath(path);
    await connect(a, b);
    await a.press('Turn microphone off');
    await expect(b.page.getByText(`${anna.name}: microphone is off`)).toBeVisible();
    await expectQuickReturn(a);
    await expect(a.inCall.getByRole('button', { name: 'Turn microphone on' })).toBeAttached();
    await expect.poll(async () => (await watch(a.page, 1)).framesPerSecond).toBeGreaterThan(5);
    expect((await watch(b.page, 2)).audioEnergy).toBeLessThan(1e-6);
    await expect.poll(async () => (await watch(b.page, 1)).framesPerSecond).toBeGreaterThan(5);
    // The callee's page as well, which makes no offer.
    await expectQuickReturn(b);
    await expect.poll(async () => (await watch(b.page, 1)).framesPerSecond).toBeGreaterThan(5);
    await a.hangUp();
    await expect(b.inCall).toBeHidden();
  });
}

test('two calls: hold, swap, and each ends alone', async ({ server, staffBrowser, two: { a, b } }) => {
  await server.add(clara);
  const c = await Staff.signIn(staffBrowser, server.url, clara);
  await connect(a, b);
  await c.openChat(anna.name);
  await c.call('Call');
  await a.waiting.getByRole('button', { name: 'Hold and answer' }).click();
  await c.connected();
  await expect(a.inCall).toHaveAccessibleName(`Call with ${clara.name}`);
  await expect(b.inCall).toContainText('has put the call on hold');
  // Boris hears and sees nothing of Anna any more; Clara hears her.
  await expect.poll(async () => (await watch(b.page, 1)).framesPerSecond).toBe(0);
  await expect.poll(async () => (await watch(b.page, 1)).audioEnergy).toBeLessThan(1e-6);
  await expect.poll(async () => (await watch(c.page, 1)).audioEnergy).toBeGreaterThan(0);
  await a.press('Switch');
  await expect(a.inCall).toHaveAccessibleName(`Call with ${boris.name}`);
  await expect.poll(async () => (await watch(b.page, 1)).framesPerSecond).toBeGreaterThan(5);
  await expect.poll(async () => (await watch(c.page, 1)).audioEnergy).toBeLessThan(1e-6);
  await c.hangUp();
  await expect(a.inCall).toHaveAccessibleName(`Call with ${boris.name}`);
  await expect.poll(async () => (await watch(b.page, 2)).framesPerSecond).toBeGreaterThan(5);
  await a.hangUp();
  await expect(b.inCall).toBeHidden();
  await c.close();
});

test('a socket that is broken for 4 s leaves the media alone, and the call goes on', async () => {
  const [outer, inner] = [await freePort(), await freePort()];
  const line = await Line.open(outer, inner);
  const server = await Server.start({ url: `http://localhost:${String(outer)}`, listen: `127.0.0.1:${String(inner)}` });
  const browser = await openBrowser();
  try {
    await server.setUp();
    await server.add(anna);
    await server.add(boris);
    const a = await Staff.signIn(browser, server.url, anna);
    const b = await Staff.signIn(browser, server.url, boris);
    await connect(a, b);
    line.cut();
    const during = await Promise.all([watch(a.page, 4), watch(b.page, 4)]);
    line.mend();
    for (const flow of during) expect(flow.framesPerSecond).toBeGreaterThan(5);
    // What is said after the return arrives: both hold the same call still.
    await a.page.mouse.move(200, 300);
    await expect(a.page.getByText('No connection')).toBeHidden({ timeout: 60_000 });
    await a.press('Turn microphone off');
    await expect(b.page.getByText(`${anna.name}: microphone is off`)).toBeVisible();
    await expect.poll(async () => (await watch(b.page, 2)).framesPerSecond).toBeGreaterThan(5);
    await b.hangUp();
    await expect(a.inCall).toBeHidden();
    await expect(entries(a)).toHaveCount(1);
  } finally {
    await browser.close();
    await server.dispose();
    await line.close();
  }
});

test('where no direct way is found, the call goes on through the relay without hanging up', async ({ server, two: { a, b } }) => {
  await server.setPath('auto');
  for (const { page } of [a, b]) {
    // All addresses of the other browser come to nothing but those of its relay.
    await page.addInitScript(() => {
      const native = RTCPeerConnection.prototype.addIceCandidate;
      RTCPeerConnection.prototype.addIceCandidate = function (this: RTCPeerConnection, candidate?: RTCIceCandidateInit | null) {
        return / typ relay /.test(candidate?.candidate ?? '') ? (Reflect.apply(native, this, [candidate]) as Promise<void>) : Promise.resolve();
      };
    });
    await page.reload();
  }
  await a.openChat(boris.name);
  await a.call('Call with video');
  await b.accept();
  for (const staff of [a, b]) await expect(staff.pathBadge).toHaveText(/Direct/);
  for (const staff of [a, b]) {
    await expect(staff.pathBadge).toHaveText(/Relayed/);
    await staff.connected();
    await flowing(staff.page);
  }
  for (const flow of await Promise.all([watch(a.page, 3), watch(b.page, 3)])) {
    expect(flow.framesPerSecond).toBeGreaterThan(5);
    expect(flow.audioEnergy).toBeGreaterThan(0);
    expect(flow.last.localType).toBe('relay');
  }
  await a.hangUp();
  await expect(b.inCall).toBeHidden();
  await expect(entries(a)).toHaveCount(1);
  expect((await server.report()).media_bytes_in).toBe(0);
});

test('a closed tab is a hang-up, after the moment that a reload may take', async ({ two: { a, b } }) => {
  await connect(a, b);
  await a.page.close({ runBeforeUnload: true });
  // After 10 s; one who is only lost is waited for three times as long.
  await expect(b.inCall).toBeHidden({ timeout: 25_000 });
  await expect(b.page.evaluate(() => window.stafflineCall?.() ?? null)).resolves.toBeNull();
});

test('a browser that is killed is waited for, and then the call is over', async ({ server, staffBrowser }) => {
  const other = await openBrowser();
  const a = await Staff.signIn(other, server.url, anna);
  const b = await Staff.signIn(staffBrowser, server.url, boris);
  await connect(a, b);
  const session = await other.newBrowserCDPSession();
  await session.send('Browser.crash').catch(() => undefined);
  // After 30 s: that it is gone is seen at once. A line that has died would be noticed after 20 s more.
  await expect(b.inCall).toBeHidden({ timeout: 45_000 });
  await b.close();
});
