/** Offices behind NATs: where a direct call works, where it cannot, and that the media node works on both. */
import { expect, test } from '@playwright/test';
import { SERVER_IP } from '../../tests/netlab/lab.mjs';
import { type Offices, inOffices, ring, talking, watchBoth } from './offices.ts';
import type { Staff } from './staff.ts';
import { watch } from './stats.ts';

test.describe.configure({ timeout: 240_000 });

function state(staff: Staff): Promise<string> {
  return staff.page.evaluate(() => window.stafflineCall?.()?.connectionState ?? 'none');
}

/** Media both ways for some seconds, on the path that the policy chose. */
async function expectMedia(offices: Offices, seconds: number, atMostLost: number): Promise<void> {
  await talking(offices);
  for (const flow of await watchBoth(offices, seconds)) {
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
    for (const flow of await watchBoth(offices, 30)) {
      expect(flow.framesPerSecond).toBeGreaterThan(10);
      expect(flow.audioEnergy).toBeGreaterThan(0);
      expect(flow.freezes).toBeLessThan(10);
    }
    expect((await offices.server.report()).retransmitted_packets).toBeGreaterThan(0);
  });
});
