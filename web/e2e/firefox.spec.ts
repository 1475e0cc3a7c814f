/** Calls between Chromium and Firefox, each calling the other, on both paths: judged by what arrives in both, and by what is recorded. */
import { writeFileSync } from 'node:fs';
import { complaints, lengthOf } from './bench/inspect.ts';
import { Clerk } from './clerk.ts';
import { expect, test } from './fixtures.ts';
import { FirefoxStaff } from './firefox.ts';
import { kept, officer, recordAll } from './recorded.ts';
import { type Server, anna, boris } from './server.ts';
import { Staff } from './staff.ts';
import { type Page, connected, flowing, seen, watch } from './stats.ts';

const SECONDS = 5;
const badges = { direct: 'Direct', media_node: 'Media node' };

async function expectMedia(pages: Page[], path: keyof typeof badges, server: Server): Promise<void> {
  for (const page of pages) {
    await connected(page);
    await flowing(page);
  }
  const before = await server.report();
  await seen(async () => {
    for (const flow of await Promise.all(pages.map((page) => watch(page, SECONDS)))) {
      expect(flow.framesPerSecond).toBeGreaterThan(5);
      expect(flow.audioEnergy).toBeGreaterThan(0);
      expect(flow.lostShare).toBeLessThan(0.01);
      expect(flow.last.codecs).toEqual(expect.arrayContaining(['video/VP8', 'audio/opus']));
      const ours = flow.last.remotePort === Number(new URL(server.url).port);
      expect(ours).toBe(path === 'media_node');
    }
  });
  const bytes = (await server.report()).media_bytes_out - before.media_bytes_out;
  if (path === 'direct') expect(bytes).toBe(0);
  else expect(bytes).toBeGreaterThan(50_000);
}

for (const path of ['direct', 'media_node'] as const) {
  test(`Chromium and Firefox call each other: ${path}`, async ({ server, staffBrowser }) => {
    await server.setPath(path);
    const chromium = await Staff.signIn(staffBrowser, server.url, anna);
    const firefox = await FirefoxStaff.signIn(server.url, boris);
    try {
      const pages = [chromium.page, firefox.page];

      await chromium.openChat(boris.name);
      await chromium.call('Call with video');
      await firefox.accept();
      await expectMedia(pages, path, server);
      await firefox.sees('button', badges[path]);
      await chromium.hangUp();
      await firefox.seesNo('button', badges[path]);

      await firefox.call(anna.name, 'Call with video');
      await chromium.accept();
      await expectMedia(pages, path, server);
      await expect(chromium.pathBadge).toHaveAccessibleName(badges[path]);
      await firefox.hangUp();
      await expect(chromium.inCall).toBeHidden();
      await expect.poll(async () => (await server.report()).sessions).toBe(0);
    } finally {
      await firefox.close();
      await chromium.close();
    }
  });
}

test('a recorded call of Chromium and Firefox: a whole file with sound and picture of each', async ({ server, staffBrowser }, info) => {
  await recordAll(server);
  await server.add(officer, 'compliance');
  const chromium = await Staff.signIn(staffBrowser, server.url, anna);
  const firefox = await FirefoxStaff.signIn(server.url, boris);
  try {
    await chromium.openChat(boris.name);
    await chromium.call('Call with video');
    await firefox.click('button', 'Agree and answer');
    await chromium.page.getByRole('button', { name: 'Agree and continue' }).click();
    await expectMedia([chromium.page, firefox.page], 'media_node', server);
    await firefox.hangUp();
    await expect(chromium.inCall).toBeHidden();
  } finally {
    await firefox.close();
    await chromium.close();
  }
  const clerk = await Clerk.signIn(server, officer);
  const detail = await kept(clerk);
  const files = detail.streams.filter(({ stream }) => stream > 0);
  expect(files.map(({ sources }) => sources.join()).sort()).toEqual(['', 'microphone,camera', 'microphone,camera']);
  for (const { stream } of files) {
    const file = info.outputPath(`${String(stream)}.${stream === 1 ? 'ogg' : 'webm'}`);
    writeFileSync(file, await clerk.bytes(`/api/recordings/${detail.id}/streams/${String(stream)}`));
    expect(complaints(file)).toEqual([]);
    expect(lengthOf(file)).toBeGreaterThan(SECONDS * 1000);
  }
});
