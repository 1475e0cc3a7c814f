/** Offices behind NATs and firewalls: every kind of network once, a part of the matrix that `make netlab` plays whole. */
import { expect, test } from '@playwright/test';
import type { Profile } from '../../tests/netlab/lab.mjs';
import { playRow } from './netlab/row.ts';
import { inOffices, ring, talking, watchBoth } from './offices.ts';
import type { Policy } from './server.ts';
import { seen } from './stats.ts';

test.describe.configure({ timeout: 240_000 });

const rows: [Profile, Profile, Policy[]][] = [
  ['fullcone', 'symmetric', ['auto']],
  ['cone', 'symmetric', ['direct', 'auto', 'media_node']],
  ['udpblocked', 'open', ['auto']],
  ['tcp443', 'tls443', ['relayed', 'media_node']],
  ['proxy', 'cone', ['auto', 'media_node']],
];

for (const [a, b, policies] of rows) {
  test(`${a} / ${b}: ${policies.join(', ')}`, async ({}, info) => {
    const cells = await playRow([a, b], policies, info);
    expect(cells.flatMap(({ policy, faults }) => faults.map((fault) => `${policy}: ${fault}`))).toEqual([]);
  });
}

test('the media node survives 3 % of packet loss each way', async () => {
  await inOffices(['cone', 'cone'], async (offices) => {
    await offices.server.setPath('media_node');
    await ring(offices);
    await talking(offices);
    offices.lab.impair('a', { loss: 3 });
    const flows = await watchBoth(offices, 15);
    for (const [i, flow] of flows.entries()) {
      // A busy machine sends fewer: most of them arrive.
      const sent = flows[1 - i]?.sentPerSecond ?? 0;
      expect(flow.framesPerSecond).toBeGreaterThan(Math.min(10, 0.7 * sent));
      expect(flow.framesPerSecond).toBeGreaterThan(3);
      expect(flow.audioEnergy).toBeGreaterThan(0);
      expect(flow.freezes).toBeLessThan(5);
    }
    expect((await offices.server.report()).retransmitted_packets).toBeGreaterThan(0);

    // Sound goes out twice now, from the page and from the node: of what is lost, hardly anything is missed.
    offices.lab.impair('a', { loss: 8 });
    await seen(async () => {
      for (const flow of await watchBoth(offices, 5)) expect(flow.concealedShare).toBeLessThan(0.02);
    });
  });
});
