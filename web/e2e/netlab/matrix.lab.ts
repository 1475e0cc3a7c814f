/** `make netlab`: every pair of networks under every policy, each cell a real call between two browsers. */
import { expect, test } from '@playwright/test';
import type { Profile } from '../../../tests/netlab/lab.mjs';
import type { Policy } from '../server.ts';
import { playRow } from './row.ts';

const policies: Policy[] = ['direct', 'auto', 'relayed', 'media_node'];
const rows: [Profile, Profile][] = [
  ['open', 'open'],
  ['fullcone', 'symmetric'],
  ['cone', 'cone'],
  ['cone', 'symmetric'],
  ['symmetric', 'symmetric'],
  ['udpblocked', 'open'],
  ['udpblocked', 'udpblocked'],
  ['tcp443', 'tcp443'],
  ['tls443', 'tls443'],
  ['proxy', 'open'],
  ['proxy', 'proxy'],
];
/** The other way round: who calls offers, and gathers first. */
const reversed: [Profile, Profile][] = [['open', 'udpblocked'], ['open', 'proxy']];

test.describe.configure({ timeout: 240_000 });

for (const [row, columns] of [...rows.map((row) => [row, policies] as const), ...reversed.map((row) => [row, ['auto', 'media_node']] as const)]) {
  test(row.join(' / '), async ({}, info) => {
    const cells = await playRow(row, [...columns] as Policy[], info);
    expect(cells.flatMap(({ policy, faults }) => faults.map((fault) => `${policy}: ${fault}`))).toEqual([]);
  });
}
