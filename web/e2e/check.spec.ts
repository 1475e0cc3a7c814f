/** "Check my connection": on a network that lets everything through, on one that does not, and after a call that failed. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { boris } from './server.ts';

interface StoredCheck {
  verdict: string;
  call_id: string | null;
  legs: { leg: string; ok: boolean }[];
}

/** Keeps all tracks that the page ever opened. */
async function keepTracks(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const all: MediaStreamTrack[] = [];
    const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await native(constraints);
      all.push(...stream.getTracks());
      return stream;
    };
    Object.assign(window, { tracksOpened: all });
  });
  await page.reload();
  return () => page.evaluate(() => (window as unknown as { tracksOpened: MediaStreamTrack[] }).tracksOpened.map((track) => track.readyState));
}

async function start(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Menu/ }).click();
  await page.getByRole('button', { name: 'Check my connection' }).click();
  await page.getByRole('button', { name: 'Start the check' }).click();
}

const leg = (page: Page, name: string) => page.locator(`[data-leg=${name}]`);

test('every leg works, the devices are let go of, and the admin has the result', async ({ server, two: { a: { page } } }) => {
  const tracks = await keepTracks(page);
  await start(page);
  await expect(page.getByLabel('Your picture as it came back from the server')).toBeVisible({ timeout: 40_000 });
  await expect(page.getByRole('heading', { name: 'Calls work from this network' })).toBeFocused({ timeout: 40_000 });
  for (const name of ['signalling', 'clock', 'udp', 'turn_udp', 'turn_tcp', 'microphone', 'camera', 'media_node']) {
    await expect(leg(page, name)).toHaveAttribute('data-state', 'ok');
  }
  // This server has no TLS.
  await expect(leg(page, 'turn_tls')).toHaveAttribute('data-state', 'skipped');
  await expect(page.getByText('The result has been sent to your admins.')).toBeVisible();
  expect(await tracks()).toEqual(['ended', 'ended']);
  const { checks } = await server.api<{ checks: StoredCheck[] }>('GET', '/api/admin/connection-checks');
  expect(checks).toHaveLength(1);
  expect(checks[0]).toMatchObject({ verdict: 'ok' });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write', 'microphone', 'camera']);
  await page.getByRole('button', { name: 'Copy as text' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/Through the server by UDP \(TURN, UDP\): works, \d+ ms/);
});

test('left in the middle, it lets go of everything', async ({ server, two: { a: { page } } }) => {
  const tracks = await keepTracks(page);
  // It comes to no end before it is left: what would send its picture is not answered.
  await page.route('**/offer', (route) => ((route.request().postDataJSON() as { end: string }).end === 'sender' ? undefined : route.continue()));
  await start(page);
  await expect(leg(page, 'camera')).toHaveAttribute('data-state', 'ok', { timeout: 40_000 });
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page.getByRole('tab', { name: 'Chats' })).toBeVisible();
  expect(await tracks()).toEqual(['ended', 'ended']);
  expect((await server.api<{ checks: StoredCheck[] }>('GET', '/api/admin/connection-checks')).checks).toEqual([]);
});

test('a call that fails says why, and the admin is told of it', async ({ server, two: { a, b } }) => {
  await server.setPath('direct');
  for (const { page } of [a, b]) {
    await page.addInitScript(() => { RTCPeerConnection.prototype.addIceCandidate = () => Promise.resolve(); });
    await page.reload();
  }
  await a.openChat(boris.name);
  await a.call('Call');
  await b.accept();
  await expect(a.inCall).toBeVisible();
  // Whoever gives up first, both look for the reason.
  for (const { page } of [a, b]) {
    await expect(page.getByText('Your network lets calls through. Theirs may not')).toBeVisible({ timeout: 60_000 });
  }
  const found = async () => (await server.api<{ checks: StoredCheck[] }>('GET', '/api/admin/connection-checks')).checks;
  await expect.poll(async () => (await found()).length).toBe(2);
  for (const check of await found()) {
    expect(check.call_id).toEqual(expect.any(String));
    expect(check.legs.map((one) => one.leg)).not.toContain('microphone');
  }
  await a.page.getByRole('button', { name: 'Check my connection' }).click();
  await expect(a.page.getByRole('button', { name: 'Start the check' })).toBeVisible();
});
