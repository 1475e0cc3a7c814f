/** Calls that move in the middle: by themselves when their network changes, and on an admin's command. */
import { type TestInfo, expect, test } from '@playwright/test';
import type { Profile } from '../../../tests/netlab/lab.mjs';
import type { Offices } from '../offices.ts';
import type { Path } from '../server.ts';
import { type Move, attachMoves, callOn, moved } from './move.ts';
import { MOVES, inRecordedOffices } from './row.ts';

/** By itself, with all that has to be noticed first. */
const BY_ITSELF_MS = 3_000;
const ON_COMMAND_MS = 300;

test.describe.configure({ timeout: 180_000 });

/** One lab, moves in it; all of them are reported, and none may have a fault. */
async function inMoves(profiles: [Profile, Profile], info: TestInfo, use: (offices: Offices, note: (move: Move) => void) => Promise<void>): Promise<void> {
  const moves: Move[] = [];
  try {
    await inRecordedOffices(profiles, (offices) => use(offices, (move) => { moves.push(move); }));
  } finally {
    await attachMoves(info, MOVES, moves);
  }
  expect(moves.filter(({ faults }) => faults.length > 0)).toEqual([]);
}

for (const network of ['tls443', 'udpblocked', 'symmetric'] as const) {
  test(`auto: from cone to ${network} in the middle of a call`, async ({}, info) => {
    await inMoves(['cone', 'cone'], info, async (offices, note) => {
      await callOn(offices, 'auto', 'direct');
      note(await moved(offices, ['direct in cone', `relayed in ${network}`], 'relayed', BY_ITSELF_MS, () => { offices.lab.moveTo('a', network); }));
    });
  });
}

test('on command: direct, media node, relayed, media node', async ({}, info) => {
  await inMoves(['cone', 'cone'], info, async (offices, note) => {
    const { server } = offices;
    await callOn(offices, 'direct', 'direct');
    const id = (await server.relay()).live_calls[0]?.id ?? '';
    let from: Path = 'direct';
    for (const to of ['media_node', 'relayed', 'media_node'] as const) {
      note(await moved(offices, [from, `${to} on command`], to, ON_COMMAND_MS, () => server.api('POST', `/api/admin/calls/${id}/path`, { path: to })));
      from = to;
    }
  });
});
