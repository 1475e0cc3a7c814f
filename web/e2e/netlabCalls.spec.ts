/**
 * Calls over lines that lose, delay and mix up packets, break off and come back under other addresses. Each call is one call to its end:
 * nobody hangs up, nobody clicks anything.
 */
import { type TestInfo, expect, test } from '@playwright/test';
import type { Impairment } from '../../tests/netlab/lab.mjs';
import { type Offices, inOffices, mediaBack, ring, talking, watchBoth } from './offices.ts';
import type { Path } from './server.ts';
import type { Flow } from './stats.ts';

test.describe.configure({ timeout: 420_000 });

/** How soon media is back after the network changed. */
const MOVED_MS = 8_000;
const RECONNECT_MS = 10_000;
/** A picture that gave way to the sound comes back with care. */
const PICTURE_MS = 100_000;

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** The same call goes on at both, with nothing to click. */
async function expectStillTalking({ a, b }: Offices, path: Path): Promise<void> {
  for (const staff of [a, b]) await expect(staff.pathBadge).toHaveAccessibleName(path === 'direct' ? 'Direct' : 'Media node');
  await expect(a.messages.getByText(/call/i)).toHaveCount(0);
}

/** Words for the report: what was seen, whether or not it was asked for. */
function note(info: TestInfo, type: string, flows: Flow[]): void {
  const words = flows.map(({ framesPerSecond, audioLostShare, concealedShare }) =>
    `${framesPerSecond.toFixed(1)} frames/s, sound lost ${(100 * audioLostShare).toFixed(1)} %, made up ${(100 * concealedShare).toFixed(1)} %`);
  info.annotations.push({ type, description: words.join('; ') });
}

async function call(offices: Offices, path: Path): Promise<void> {
  await offices.server.setPath(path);
  await ring(offices);
  await talking(offices);
}

for (const path of ['direct', 'media_node'] as const) {
  test(`a pulled cable and another network: ${path}`, async ({}, info) => {
    await inOffices(['cone', 'cone'], async (offices) => {
      const { lab } = offices;
      const back = async (type: string): Promise<void> => {
        const sound = await mediaBack(offices, MOVED_MS, 'sound');
        const picture = sound + (await mediaBack(offices, PICTURE_MS));
        info.annotations.push({ type, description: `sound ${sound.toFixed(0)} ms, picture ${picture.toFixed(0)} ms` });
      };
      await call(offices, path);

      lab.link('a', 'down');
      await sleep(4_000);
      lab.link('a', 'up');
      await back('cable back');
      await expectStillTalking(offices, path);

      lab.renumber('a');
      await back('caller moved');
      await expectStillTalking(offices, path);

      lab.renumber('b');
      if (path === 'media_node') lab.moveTo('b', 'symmetric');
      await back('callee moved');
      await expectStillTalking(offices, path);
      await offices.a.hangUp();
      await expect(offices.b.inCall).toBeHidden();
    });
  });

  test(`lines that are bad: ${path}`, async ({}, info) => {
    await inOffices(['cone', 'cone'], async (offices) => {
      const { lab } = offices;
      await call(offices, path);
      const on = async (name: string, line: Impairment, seconds: number): Promise<Flow[]> => {
        lab.impair('a', line);
        // What the change of the line itself cost is over.
        await mediaBack(offices, RECONNECT_MS, 'sound');
        const flows = await watchBoth(offices, seconds);
        note(info, name, flows);
        return flows;
      };
      for (const loss of path === 'direct' ? [10] : [5, 10]) {
        for (const flow of await on(`loss ${loss} %`, { loss }, 10)) {
          expect(flow.audioLostShare).toBeLessThan((2 * loss) / 100);
          expect(flow.audioEnergy).toBeGreaterThan(0);
          // Beyond that the picture may be small and slow.
          if (loss <= 5) expect(flow.framesPerSecond).toBeGreaterThan(3);
        }
      }
      const slow: [string, Impairment][] = path === 'direct' ? [] : [['300 ms', { delay: 150 }], ['reordered', { reorder: 5, delay: 20 }]];
      for (const [name, line] of slow) {
        for (const flow of await on(name, line, 5)) {
          expect(flow.audioLostShare).toBeLessThan(0.02);
          expect(flow.audioEnergy).toBeGreaterThan(0);
        }
      }
      lab.impair('a');
      await mediaBack(offices, PICTURE_MS);
      lab.impair('a', { rate: 64 });
      // It takes the senders a while to see what the line bears.
      await expect(async () => {
        const narrow = await watchBoth(offices, 6);
        note(info, '64 kbit/s', narrow);
        for (const flow of narrow) {
          expect(flow.audioEnergy).toBeGreaterThan(0);
          // With the picture in its way it stayed at 50 to 80 %.
          expect(flow.audioLostShare).toBeLessThan(0.25);
        }
      }).toPass({ timeout: 60_000 });
      lab.impair('a');
      await mediaBack(offices, PICTURE_MS);

      lab.link('a', 'down');
      await sleep(10_000);
      lab.link('a', 'up');
      const ms = await mediaBack(offices, RECONNECT_MS, 'sound');
      info.annotations.push({ type: 'after 10 s without a line', description: `${ms.toFixed(0)} ms` });
      await mediaBack(offices, PICTURE_MS);
      await expectStillTalking(offices, path);
    });
  });
}

test('who is gone for good is not kept as a zombie', async ({}, info) => {
  await inOffices(['cone', 'cone'], async (offices) => {
    const { lab, server, a } = offices;
    await call(offices, 'media_node');
    lab.link('b', 'down');
    const begin = performance.now();
    await expect(a.inCall).toBeHidden({ timeout: 40_000 });
    info.annotations.push({ type: 'over after', description: `${((performance.now() - begin) / 1000).toFixed(1)} s` });
    await expect.poll(async () => (await server.report()).sessions, { timeout: 5_000 }).toBe(0);
    await expect(a.messages.getByText(/call/i)).toHaveCount(1);
  });
});
