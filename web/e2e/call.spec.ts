/** Calls between two real browsers, judged by what arrives: direct, and through the media node. */
import { expect, test } from './fixtures.ts';
import { anna, boris } from './server.ts';
import type { Staff } from './staff.ts';
import { type Flow, connected, flowing, readOutgoing, seen, watch } from './stats.ts';

const SECONDS = 30;
/** A claim about what the server does not see is looked at for longer. */
const DIRECT_SECONDS = 60;

async function connect(a: Staff, b: Staff): Promise<void> {
  await a.openChat(boris.name);
  await a.call('Call with video');
  await expect(b.ringing).toContainText(anna.name);
  await b.accept();
  for (const staff of [a, b]) await expect(staff.pathBadge).toBeVisible();
  for (const staff of [a, b]) {
    await staff.page.waitForFunction(() => window.stafflineCall?.()?.connectionState === 'connected');
    await flowing(staff.page);
  }
}

async function watchBoth(a: Staff, b: Staff, seconds: number): Promise<Flow[]> {
  return Promise.all([watch(a.page, seconds), watch(b.page, seconds)]);
}

test('a direct video call: media both ways, none through the server', async ({ server, two: { a, b } }) => {
  const before = await server.report();
  await connect(a, b);
  await expect(a.pathBadge).toContainText(/direct/i);
  for (const flow of await watchBoth(a, b, DIRECT_SECONDS)) {
    expect(flow.framesPerSecond).toBeGreaterThan(5);
    expect(flow.audioEnergy).toBeGreaterThan(0);
    expect(['host', 'srflx', 'prflx']).toContain(flow.last.remoteType);
    expect(flow.last.remotePort).not.toBe(Number(new URL(server.url).port));
  }
  const after = await server.report();
  expect(after.media_bytes_in - before.media_bytes_in).toBe(0);
  expect(after.media_bytes_out - before.media_bytes_out).toBe(0);
  expect(after.stun_answers).toBeGreaterThan(before.stun_answers);
  await a.hangUp();
  await expect(b.pathBadge).toBeHidden();
  await expect(b.page.evaluate(() => window.stafflineCall?.() ?? null)).resolves.toBeNull();
});

/** The signals that go over a page's socket from now on, once it is loaded anew. */
async function signalsOf(staff: Staff): Promise<{ sent: string[]; got: string[] }> {
  const signals = { sent: [] as string[], got: [] as string[] };
  const note = (list: string[], frame: string | Buffer): void => {
    const { type, signal } = JSON.parse(frame.toString()) as { type: string; signal?: { type: string } };
    if (type === 'call_signal') list.push(String(signal?.type));
  };
  staff.page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => { note(signals.sent, payload); });
    socket.on('framereceived', ({ payload }) => { note(signals.got, payload); });
  });
  await staff.page.reload();
  await expect(staff.page.getByRole('tab', { name: 'Chats' })).toBeVisible();
  return signals;
}

test('no address is told before the callee has accepted', async ({ server, two: { a, b } }) => {
  await server.setPath('direct');
  const [caller, callee] = [await signalsOf(a), await signalsOf(b)];
  await a.openChat(boris.name);
  await a.call('Call with video');
  await expect(b.ringing).toBeVisible();
  // Time in which a page that was too quick would have looked for its addresses, and asked the STUN server for them.
  await b.page.evaluate(() => new Promise((done) => setTimeout(done, 2_000)));
  expect([caller, callee]).toEqual([{ sent: [], got: [] }, { sent: [], got: [] }]);
  await expect(b.page.evaluate(() => window.stafflineCall?.() ?? null)).resolves.toBeNull();
  await b.accept();
  await expect.poll(() => callee.sent).toContain('candidate');
  await expect.poll(() => callee.got).toContain('candidate');
  await connected(a.page);
  await a.hangUp();
});

test('a video call through the media node: media both ways on our one port', async ({ server, two: { a, b } }) => {
  test.setTimeout(480_000);
  await server.setPath('media_node');
  await connect(a, b);
  await expect(a.pathBadge).toContainText(/media node/i);
  await seen(async () => {
    for (const flow of await watchBoth(a, b, SECONDS)) {
      expect(flow.framesPerSecond).toBeGreaterThan(5);
      expect(flow.audioEnergy).toBeGreaterThan(0);
      expect(flow.lostShare).toBeLessThan(0.01);
      expect(flow.last.remotePort).toBe(Number(new URL(server.url).port));
      expect(flow.last.codecs).toEqual(expect.arrayContaining(['video/VP8', 'audio/opus']));
    }
  });
  for (const { page } of [a, b]) {
    // A busy machine delays packets as a narrow line does. One that nobody tells of arrivals stays for ever where it begins, at 300.
    await seen(async () => {
      const { transportWide, availableKbitS, videoKbitS } = await readOutgoing(page, 5);
      expect(transportWide).toEqual({ audio: true, video: true });
      // What it has by now, the node's word of arrivals has proved, and the other's line.
      expect(availableKbitS).toBeGreaterThan(600);
      expect(videoKbitS).toBeGreaterThan(100);
    });
  }
  const report = await server.report();
  expect(report.sessions).toBe(2);
  expect(report.media_bytes_out).toBeGreaterThan(100_000);
  await b.hangUp();
  await expect(a.pathBadge).toBeHidden();
  await expect.poll(async () => (await server.report()).sessions).toBe(0);
});

test('an audio call rings, is declined, and leaves one entry on both sides', async ({ two: { a, b } }) => {
  await b.openChat(anna.name);
  await a.openChat(boris.name);
  await a.call('Call');
  await b.ringing.getByRole('button', { name: 'Decline' }).click();
  await expect(a.messages.getByText(/declined/i)).toHaveCount(1);
  await expect(b.messages.getByText(/declined/i)).toHaveCount(1);
  await expect(a.page.getByRole('dialog')).toHaveCount(0);
});

test('camera and microphone are switched off and on, and the other side sees it', async ({ two: { a, b } }) => {
  await connect(a, b);
  await a.press('Turn camera off');
  await expect.poll(async () => (await watch(b.page, 1)).framesPerSecond).toBe(0);
  await expect.poll(async () => (await watch(b.page, 3)).audioEnergy).toBeGreaterThan(0);
  await a.press('Turn camera on');
  await expect.poll(async () => (await watch(b.page, 1)).framesPerSecond).toBeGreaterThan(5);
  await a.press('Turn microphone off');
  await expect(b.page.getByText(`${anna.name}: microphone is off`)).toBeVisible();
  await expect.poll(async () => (await watch(b.page, 1)).audioEnergy).toBeLessThan(1e-6);
  await a.press('Turn microphone on');
  await expect(b.page.getByText(`${anna.name}: microphone is off`)).toBeHidden();
});
