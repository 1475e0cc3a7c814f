/** Calls that must be recorded: nobody is heard before both have agreed, both see that it is recorded, and an officer finds, hears and verifies it. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { Clerk } from './clerk.ts';
import { recordAll } from './recorded.ts';
import { type Person, type Server, anna, boris } from './server.ts';
import { Staff } from './staff.ts';
import { flowing } from './stats.ts';

const officer: Person = { name: 'Ольга Ким', login: 'olga', password: 'olga keeps a secret' };
const SECONDS = 8;
/** Between the wall clock of the test and that of the recording lie the hanging up and the closing. */
const LENGTH_MS = 2_000;

interface Entry {
  id: string;
  state: string;
  duration_ms: number;
}

interface Detail extends Entry {
  streams: { stream: number; sources: string[]; starts_ms: number; duration_ms: number; bytes: number }[];
}

const peers = (page: Page) => page.evaluate(() => window.stafflineCall?.()?.connectionState ?? 'none');

test('a call that must be recorded waits for both, shows that it is recorded, and is found, heard and verified', async ({ server, staffBrowser, two: { a, b } }) => {
  await recordAll(server);
  await server.add(officer, 'compliance');
  await a.openChat(boris.name);
  await a.call('Call with video');
  await expect(b.ringing.getByText('Orlov & Partners')).toBeVisible();
  await expect(b.ringing.getByText('1 year')).toBeVisible();
  await b.ringing.getByRole('button', { name: 'Agree and answer' }).click();
  await expect(a.page.getByText('Quality control').first()).toBeVisible();
  expect([await peers(a.page), await peers(b.page)], 'no media before both have agreed').toEqual(['none', 'none']);
  await a.page.getByRole('button', { name: 'Agree and continue' }).click();
  for (const one of [a, b]) {
    const { page } = one;
    // There is no connection before the recorder runs.
    await one.connected();
    await flowing(page);
    await expect(page.getByRole('button', { name: 'Recording', exact: true })).toBeVisible();
    const said = () => page.locator('audio[data-notice=recording]').evaluate((audio: HTMLAudioElement) => audio.currentTime);
    await expect.poll(said, 'the spoken notice is heard').toBeGreaterThan(1);
  }
  await expect(a.inCall.getByRole('button', { name: 'Media node' })).toBeVisible();
  const begin = performance.now();
  await a.page.evaluate((ms) => new Promise((done) => setTimeout(done, ms)), SECONDS * 1000);
  await a.hangUp();
  const talked = performance.now() - begin;

  const clerk = await Clerk.signIn(server, officer);
  const all = async () => (await clerk.api<{ recordings: Entry[] }>('GET', '/api/recordings')).recordings;
  await expect.poll(async () => (await all()).map(({ state }) => state)).toEqual(['closed']);
  const [entry] = await all();
  const detail = await clerk.api<Detail>('GET', `/api/recordings/${entry?.id ?? ''}`);
  expect(detail.duration_ms).toBeGreaterThan(talked);
  expect(detail.duration_ms).toBeLessThan(talked + 20_000);
  const tracks = detail.streams.filter(({ stream }) => stream >= 2);
  expect(tracks.map(({ sources }) => sources.includes('microphone'))).toEqual([true, true]);
  for (const { duration_ms } of tracks) expect(Math.abs(duration_ms - talked)).toBeLessThan(LENGTH_MS + 3_000);

  const listener = await Staff.signIn(staffBrowser, server.url, officer);
  await listener.page.goto(`${server.url}/recordings/${entry?.id ?? ''}`);
  await listener.page.getByRole('button', { name: 'Verify' }).click();
  await expect(listener.page.getByText('The recording is intact')).toBeVisible();
  await listener.page.getByRole('button', { name: 'Play', exact: true }).click();
  const heard = () => listener.page.evaluate(() => Math.max(...[...document.querySelectorAll<HTMLMediaElement>('audio, video')].map(({ currentTime }) => currentTime)));
  await expect.poll(heard).toBeGreaterThan(2);
  await listener.close();

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
