/** Calls that must be recorded: nobody is heard before both have agreed, both see that it is recorded, and an officer finds, hears and verifies it. */
import type { Page } from '@playwright/test';
import { Clerk } from './clerk.ts';
import { FirefoxStaff } from './firefox.ts';
import { expect, test } from './fixtures.ts';
import { expectPlayable, heardUntil, silence } from './playback.ts';
import { type Stream, detailOf, kept, officer, recordAll } from './recorded.ts';
import { type Person, type Server, anna, boris } from './server.ts';
import { Staff } from './staff.ts';
import { flowing, readStats } from './stats.ts';

/** With a picture, and with a shared screen as well. */
const SECONDS = 4;
/** Between the last packet and the end of the recording lie the hanging up and the closing. */
const LENGTH_MS = 2_000;
/** Beyond 80 ms the player moves what is off; it is not looked at in one moment. */
const SYNC_S = 0.2;
const STEP_S = 5;

/**
 * The page's player, once it has been moved on by five seconds: everything stands at one place of the timeline, and plays. The mix begins it,
 * the others begin when they do.
 */
async function expectInSync(page: Parameters<typeof heardUntil>[0], tracks: Stream[]): Promise<void> {
  await expect.poll(async () => (await heardUntil(page))['1']).toBeGreaterThan(STEP_S + 1);
  // What a busy machine delays the player moves: it may take it a moment.
  await expect(() => expectTogether(page, tracks)).toPass({ timeout: 5_000, intervals: [100] });
}

async function expectTogether(page: Parameters<typeof heardUntil>[0], tracks: Stream[]): Promise<void> {
  const at = await heardUntil(page);
  const off = tracks.filter(({ stream }) => String(stream) in at).flatMap(({ stream, starts_ms, duration_ms }) => {
    const should = (at['1'] ?? 0) - starts_ms / 1000;
    const runs = should > 0.5 && should < duration_ms / 1000 - 0.5;
    return runs ? [Math.abs((at[String(stream)] ?? 0) - should)] : [];
  });
  expect(off.length, JSON.stringify({ at, tracks })).toBeGreaterThan(0);
  expect(Math.max(...off)).toBeLessThan(SYNC_S);
}

const peers = (page: Page) => page.evaluate(() => window.stafflineCall?.()?.connectionState ?? 'none');

test('a call that must be recorded waits for both, shows that it is recorded, and is found, heard and verified', async ({ server, staffBrowser, two: { a, b } }) => {
  // Two browsers play five files each to their end.
  test.setTimeout(180_000);
  await recordAll(server);
  await server.add(officer, 'compliance');
  await a.openChat(boris.name);
  await a.call('Call');
  await expect(b.ringing.getByText('Orlov & Partners')).toBeVisible();
  await expect(b.ringing.getByText('1 year')).toBeVisible();
  await b.ringing.getByRole('button', { name: 'Agree and answer' }).click();
  await expect(a.page.getByText('Quality control').first()).toBeVisible();
  expect([await peers(a.page), await peers(b.page)], 'no media before both have agreed').toEqual(['none', 'none']);
  const earliest = performance.now();
  await a.page.getByRole('button', { name: 'Agree and continue' }).click();
  for (const one of [a, b]) {
    const { page } = one;
    // There is no connection before the recorder runs.
    await one.connected();
    await expect.poll(async () => (await readStats(page)).audioEnergy).toBeGreaterThan(0);
    await expect(page.getByRole('button', { name: 'Recording', exact: true })).toBeVisible();
    const said = () => page.locator('audio[data-notice=recording]').evaluate((audio: HTMLAudioElement) => audio.currentTime);
    await expect.poll(said, 'the spoken notice is heard').toBeGreaterThan(1);
  }
  await expect(a.inCall.getByRole('button', { name: 'Media node' })).toBeVisible();
  const begin = performance.now();
  const talk = () => a.page.evaluate((ms) => new Promise((done) => setTimeout(done, ms)), SECONDS * 1000);
  await a.press('Turn camera on');
  await expect.poll(async () => (await readStats(b.page)).framesDecoded).toBeGreaterThan(0);
  await talk();
  await a.press('Share your screen');
  await expect(b.inCall.getByLabel('Screen of Анна Орлова')).toBeVisible();
  await talk();
  const talked = performance.now() - begin;
  await a.hangUp();
  const longest = performance.now() - earliest + LENGTH_MS;

  const clerk = await Clerk.signIn(server, officer);
  const detail = await kept(clerk);
  expect(detail.duration_ms).toBeGreaterThan(talked);
  expect(detail.duration_ms).toBeLessThan(longest);
  const tracks = detail.streams.filter(({ stream }) => stream >= 2);
  const kinds = tracks.map(({ sources }) => sources.join());
  expect(kinds.sort()).toEqual(['microphone', 'microphone', 'microphone,camera', 'screen']);
  for (const user of new Set(tracks.map(({ user_id }) => user_id))) {
    const ends = tracks.filter(({ user_id }) => user_id === user).map(({ starts_ms, duration_ms }) => starts_ms + duration_ms);
    expect(detail.duration_ms - Math.max(...ends)).toBeLessThan(LENGTH_MS);
  }

  const address = `${server.url}/recordings/${detail.id}`;
  const pictures = detail.streams.filter(({ stream }) => stream > 0).map(({ sources }) => sources.some((source) => source !== 'microphone'));
  const listener = await Staff.signIn(staffBrowser, server.url, officer);
  await listener.page.goto(address);
  await listener.page.getByRole('button', { name: 'Verify' }).click();
  await expect(listener.page.getByText('The recording is intact')).toBeVisible();
  await listener.page.getByRole('button', { name: 'Play', exact: true }).click();
  await listener.page.getByRole('button', { name: 'Forward 5 seconds' }).click();
  await expectInSync(listener.page, tracks);
  await expectPlayable(listener.page, pictures);
  await listener.close();

  const firefox = await FirefoxStaff.signIn(server.url, officer);
  try {
    await firefox.page.goto(address);
    await firefox.sees('button', 'Play');
    await silence(firefox.page);
    await firefox.click('button', 'Play');
    await firefox.click('button', 'Forward 5 seconds');
    await expectInSync(firefox.page, tracks);
    await expectPlayable(firefox.page, pictures);
  } finally {
    await firefox.close();
  }

  await expect(clerkOf(server, anna).then((other) => other.api('GET', '/api/recordings'))).rejects.toThrow('404');
});

const clerkOf = (server: Server, person: Person): Promise<Clerk> => Clerk.signIn(server, person);

test('who does not agree leaves, and nothing was heard', async ({ server, two: { a, b } }) => {
  await recordAll(server);
  await a.openChat(boris.name);
  await a.call('Call');
  await b.ringing.getByRole('button', { name: 'Agree and answer' }).click();
  await a.page.getByRole('button', { name: 'Leave' }).click();
  await expect(b.inCall).toBeHidden();
  expect((await server.report()).media_packets_in).toBe(0);
});

test('a call is recorded on demand from when both have agreed until somebody stops it, and goes on', async ({ server, two: { a, b } }) => {
  await recordAll(server, { mode: 'on_demand' });
  await server.add(officer, 'compliance');
  await a.openChat(boris.name);
  await a.call('Call with video');
  await b.accept();
  for (const one of [a, b]) await one.connected();
  const signs = [a, b].map(({ page }) => page.getByRole('button', { name: 'Recording', exact: true }));
  await a.pressOrChoose('Start recording');
  for (const { page } of [b, a]) {
    for (const sign of signs) await expect(sign).toBeHidden();
    await page.getByRole('button', { name: 'Agree and continue' }).click();
  }
  for (const sign of signs) await expect(sign).toBeVisible();
  for (const { inCall } of [a, b]) await expect(inCall.getByRole('button', { name: 'Media node' })).toBeVisible();
  for (const { page } of [a, b]) await flowing(page);
  await b.pressOrChoose('Stop recording');
  for (const sign of signs) await expect(sign).toBeHidden();

  const clerk = await Clerk.signIn(server, officer);
  const detail = await kept(clerk);
  expect(detail.streams.filter(({ stream }) => stream > 0)).toHaveLength(3);
  for (const { page } of [a, b]) await flowing(page);
  await a.hangUp();
  const { streams, duration_ms } = await detailOf(clerk, detail.id);
  expect({ streams, duration_ms }, 'nothing is added to it').toEqual({ streams: detail.streams, duration_ms: detail.duration_ms });
});
