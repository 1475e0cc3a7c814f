/** Recorded calls, and what an officer has of them. */
import { expect } from '@playwright/test';
import type { Clerk } from './clerk.ts';
import { type Person, type Server, boris } from './server.ts';
import type { Staff } from './staff.ts';
import { flowing } from './stats.ts';

export const officer: Person = { name: 'Ольга Ким', login: 'olga', password: 'olga keeps a secret' };

export interface Entry {
  id: string;
  call_id: string;
  state: string;
  started_at: number;
  duration_ms: number;
  outcome: string | null;
}

export interface Stream {
  stream: number;
  user_id: string | null;
  sources: string[];
  starts_ms: number;
  duration_ms: number;
  bytes: number;
}

export interface Detail extends Entry {
  streams: Stream[];
  gaps: { stream: number; from_ms: number; to_ms: number; reason: string }[];
}

/** All calls are recorded, from the next one on, or may be when somebody in them wishes so; or none. */
export async function recordAll(server: Server, { all = true, twoOfficers = false, mode = 'always' as 'always' | 'on_demand' } = {}): Promise<void> {
  await server.api('PUT', '/api/admin/recording-policy', {
    purpose: { ru: 'Контроль качества', en: 'Quality control' }, recorded_by: 'Orlov & Partners', retention_days: 365, two_officers: twoOfficers,
    rules: !all ? [] : [{ name: 'All calls', match: { type: 'everybody' }, direction: 'any', mode, by: mode === 'always' ? [] : ['employee', 'manager'], retention_days: null }],
  });
}

/** Anna calls, Boris answers, both agree; sound and picture have begun to arrive. */
export async function recordedCall(a: Staff, b: Staff): Promise<void> {
  if (await a.input.isHidden()) await a.openChat(boris.name);
  await a.call('Call with video');
  await b.ringing.getByRole('button', { name: 'Agree and answer' }).click();
  await a.page.getByRole('button', { name: 'Agree and continue' }).click();
  for (const one of [a, b]) {
    await one.connected();
    await flowing(one.page);
  }
}

export async function recordings(clerk: Clerk): Promise<Entry[]> {
  return (await clerk.api<{ recordings: Entry[] }>('GET', '/api/recordings')).recordings;
}

export const detailOf = (clerk: Clerk, id: string): Promise<Detail> => clerk.api('GET', `/api/recordings/${id}`);

/** The newest recording, once it has come to its end. */
export async function kept(clerk: Clerk, state = 'closed', count = 1): Promise<Detail> {
  await expect.poll(async () => (await recordings(clerk)).map((one) => one.state)).toEqual(Array<string>(count).fill(state));
  const [newest] = await recordings(clerk);
  return detailOf(clerk, newest?.id ?? '');
}

/** When a recording began, in milliseconds of the server's clock: its events say what that clock said once. */
export async function clockOf(clerk: Clerk, id: string): Promise<number> {
  const events = await clerk.api<{ type: string; at_ms: number; unix_ms?: number }[]>('GET', `/api/recordings/${id}/events`);
  const clock = events.find(({ type }) => type === 'clock');
  if (clock?.unix_ms === undefined) throw new Error('the events tell no clock');
  return clock.unix_ms - clock.at_ms;
}
