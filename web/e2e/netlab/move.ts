/** A running call that changes its path, and how long nothing new was heard and seen meanwhile. */
import { type TestInfo, expect } from '@playwright/test';
import { type Offices, talking, watchBoth } from '../offices.ts';
import { type Path, type Policy, boris } from '../server.ts';
import { pathShown, transportOf } from './cell.ts';
import type { Gaps } from './recorder.ts';

export interface Move {
  from: string;
  to: string;
  /** The longest time without new sound or new pictures, at either end. */
  gap_ms: number;
  /** What makes it up: of the caller and of the callee. */
  gaps: [Gaps, Gaps];
  faults: string[];
}

/** Nothing that moves takes longer. */
const MOVES_WITHIN_MS = 30_000;
/** What a moved call is looked at for before and after. */
const STEADY_SECONDS = 2;

/** Anna calls Boris under a policy, and both are heard and seen on the path. */
export async function callOn(offices: Offices, policy: Policy, path: Path): Promise<void> {
  const { a, b, server } = offices;
  await server.setPath(policy);
  await a.openChat(boris.name);
  await a.call('Call with video');
  await b.accept();
  await talking(offices);
  expect([await pathShown(a), await pathShown(b)]).toEqual([path, path]);
}

/** Changes something under a running call, and waits until both say that it has moved and media flows on the new path. */
export async function moved(offices: Offices, names: [from: string, to: string], path: Path, limitMs: number, change: () => unknown): Promise<Move> {
  const { a, b } = offices;
  await watchBoth(offices, STEADY_SECONDS);
  for (const { page } of [a, b]) await page.evaluate(() => { window.recorder.start(); });
  await change();
  await expect.poll(() => Promise.all([pathShown(a), pathShown(b)]), { timeout: MOVES_WITHIN_MS, intervals: [100] }).toEqual([path, path]);
  await expect(() => talking(offices)).toPass({ timeout: MOVES_WITHIN_MS });
  const flows = await watchBoth(offices, STEADY_SECONDS);
  const gaps = await Promise.all([a, b].map(({ page }) => page.evaluate(() => window.recorder.stop()))) as [Gaps, Gaps];
  const gap_ms = Math.round(Math.max(...gaps.flatMap(({ sound, picture }) => [sound, picture])));
  const faults = flows.every(({ framesPerSecond, audioEnergy }) => framesPerSecond > 5 && audioEnergy > 0) ? [] : ['no media both ways after it'];
  if (gap_ms > limitMs) faults.push(`over ${limitMs} ms`);
  return { from: names[0], to: `${names[1]} (${flows.map(({ last }) => transportOf(last)).join(', ')})`, gap_ms, gaps, faults };
}

/** For the report, however the test ends. */
export async function attachMoves(info: TestInfo, name: string, moves: Move[]): Promise<void> {
  await info.attach(name, { body: JSON.stringify(moves), contentType: 'application/json' });
}
