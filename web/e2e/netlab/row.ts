/** A row of the matrix: one lab, one server, two people signed in once, and a call for each policy. */
import { type TestInfo, expect } from '@playwright/test';
import type { Profile } from '../../../tests/netlab/lab.mjs';
import { probe } from '../bench/probe.ts';
import { type Offices, SERVER_PORT, inOffices } from '../offices.ts';
import { type Policy, boris } from '../server.ts';
import { type Cell, play } from './cell.ts';
import { recorder } from './recorder.ts';

/** The names under which a test hands its findings to the reporter. */
export const CELLS = 'netlab cells';
export const MOVES = 'netlab moves';

/** Two offices whose pages note what happens to media. */
export function inRecordedOffices(profiles: [Profile, Profile], use: (offices: Offices) => Promise<void>): Promise<void> {
  return inOffices(profiles, use, [probe, recorder]);
}

/** All that listens in the internet: the server, on its one port. */
async function expectOnePort({ lab }: Offices): Promise<void> {
  const lines = (await lab.exec('internet', ['ss', '-Hlntu'])).trim().split('\n').map((line) => line.split(/\s+/));
  const listeners = lines.map(([protocol, , , , address]) => `${protocol} ${address}`);
  expect(listeners.sort()).toEqual([`tcp 0.0.0.0:${SERVER_PORT}`, `udp 0.0.0.0:${SERVER_PORT}`]);
}

/** Plays the cells of a row one after another; they are attached to the test, however it ends. */
export async function playRow(profiles: [Profile, Profile], policies: Policy[], info: TestInfo): Promise<Cell[]> {
  const cells: Cell[] = [];
  try {
    await inRecordedOffices(profiles, async (offices) => {
      await offices.a.openChat(boris.name);
      for (const policy of policies) {
        cells.push(await play(offices, profiles, policy));
        await expectOnePort(offices);
      }
      // Whatever wanted another port would not have got through, and would have been seen.
      expect(offices.lab.refused()).toBe(0);
    });
  } finally {
    await info.attach(CELLS, { body: JSON.stringify(cells), contentType: 'application/json' });
  }
  return cells;
}
