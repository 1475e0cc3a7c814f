/**
 * The server is killed (SIGKILL) in the middle of recorded calls of two Chromiums, again and again. What was recorded until then is there after
 * the next start, whole and proven; the calls are over at both ends, with a reason. Adds to target/figures/recording.json.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, expect, test } from '@playwright/test';
import { Clerk } from '../clerk.ts';
import { freePort } from '../ports.ts';
import { type Detail, clockOf, detailOf, officer, recordAll, recordedCall, recordings } from '../recorded.ts';
import { Server, anna, binary, boris } from '../server.ts';
import { Staff, openBrowser } from '../staff.ts';
import { addFigures } from './figures.ts';
import { complaints, lengthOf } from './inspect.ts';

const KILLS = Number(process.env.STAFFLINE_BENCH_KILLS ?? 50);
const POSTGRES_KILLS = Math.ceil(KILLS / 10);
/** A call goes on for at least so long, and for up to so much more. */
const [LEAST_MS, MORE_MS] = [600, 2_400];
const MOST_LOST_MS = 1_500;

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

interface Killed {
  lostMs: number;
  unreadable: string[];
}

/** Everything of a recording that an officer may take: how much of it is missing at its end, and what is wrong with it. */
async function examine(clerk: Clerk, detail: Detail, killedAt: number, folder: string): Promise<Killed> {
  const bytes = (stream: number): Promise<Buffer> => clerk.bytes(`/api/recordings/${detail.id}/streams/${String(stream)}`);
  const begin = await clockOf(clerk, detail.id);
  const killed: Killed = { lostMs: 0, unreadable: [] };
  const lines = (await bytes(0)).toString().trim().split('\n').map((line) => JSON.parse(line) as { type: string });
  if (lines.at(-1)?.type !== 'recovered') killed.unreadable.push(`the events end with ${String(lines.at(-1)?.type)}`);
  const tracks = detail.streams.filter(({ stream }) => stream > 0);
  if (tracks.length !== 3) killed.unreadable.push(`${String(tracks.length)} files`);
  for (const { stream, starts_ms, duration_ms } of tracks) {
    const file = path.join(folder, stream === 1 ? 'mix.ogg' : `${String(stream)}.webm`);
    writeFileSync(file, await bytes(stream));
    killed.unreadable.push(...complaints(file));
    if (Math.abs(lengthOf(file) - duration_ms) > 100) killed.unreadable.push(`${file} is ${String(lengthOf(file))} ms long, and not ${String(duration_ms)}`);
    killed.lostMs = Math.max(killed.lostMs, killedAt - (begin + starts_ms + lengthOf(file)));
  }
  return killed;
}

class Office {
  private constructor(readonly server: Server, readonly a: Staff, readonly b: Staff, readonly clerk: Clerk, private readonly database: string[]) {}

  static async open(browser: Browser, database: string[]): Promise<Office> {
    const port = String(await freePort());
    const server = await Server.start({ url: `http://localhost:${port}`, listen: `0.0.0.0:${port}`, args: database });
    await server.setUp();
    for (const person of [anna, boris]) await server.add(person);
    await server.add(officer, 'compliance');
    await recordAll(server);
    const [a, b] = [await Staff.signIn(browser, server.url, anna), await Staff.signIn(browser, server.url, boris)];
    await b.openChat(anna.name);
    return new Office(server, a, b, await Clerk.signIn(server, officer), database);
  }

  /** A recorded call, the kill in its middle, and the next start. */
  async killInCall(done: number, folder: string): Promise<Killed> {
    const { server, a, b, clerk } = this;
    await recordedCall(a, b);
    await sleep(LEAST_MS + Math.random() * MORE_MS);
    const killedAt = Date.now();
    await server.stop('SIGKILL');
    await server.launch();
    // Nobody talks on unrecorded, and both are told why.
    for (const { page, inCall, messages } of [a, b]) {
      await expect(inCall).toBeHidden();
      // Notes of the kills before may be there still.
      await expect(page.getByText(/^The connection to .* was lost$/).last()).toBeVisible();
      await expect(messages.getByText('Connection lost')).toHaveCount(done + 1);
      expect(await page.evaluate(() => window.stafflineCall?.() ?? null)).toBeNull();
    }
    await expect.poll(async () => (await recordings(clerk)).length).toBe(done + 1);
    const [entry] = await recordings(clerk);
    expect({ state: entry?.state, outcome: entry?.outcome }).toEqual({ state: 'recovered', outcome: 'lost' });
    return examine(clerk, await detailOf(clerk, entry?.id ?? ''), killedAt, folder);
  }

  /** What the command says of all of it: one line for each recording that is not what was recorded. */
  verified(): string {
    return execFileSync(binary, ['--data', this.server.folder, ...this.database, '--log-filter', 'error', 'recordings', 'verify'], { encoding: 'utf8' });
  }
}

async function killMany(kills: number, database: string[]): Promise<Killed[]> {
  const browser = await openBrowser();
  const folder = mkdtempSync(path.join(tmpdir(), 'staffline-killed-'));
  const office = await Office.open(browser, database);
  const all: Killed[] = [];
  try {
    for (let done = 0; done < kills; done += 1) {
      const killed = await office.killInCall(done, folder);
      console.log(`kill ${String(done + 1)}: ${killed.lostMs.toFixed(0)} ms lost ${killed.unreadable.join('; ')}`);
      all.push(killed);
    }
    await office.server.stop();
    console.log(office.verified());
  } finally {
    await browser.close();
    await office.server.dispose();
    rmSync(folder, { recursive: true });
  }
  return all;
}

test('the server is killed in recorded calls', async () => {
  const postgres = process.env.STAFFLINE_TEST_POSTGRES;
  if (postgres === undefined) console.log('STAFFLINE_TEST_POSTGRES is not set: no kills on PostgreSQL');
  const all = [
    ...(await killMany(KILLS, [])),
    ...(postgres === undefined ? [] : await killMany(POSTGRES_KILLS, ['--database-url', postgres])),
  ];
  const maxLostMs = Math.round(Math.max(...all.map(({ lostMs }) => lostMs)));
  const unreadable = all.flatMap((killed) => killed.unreadable);
  addFigures('recording.json', { kills: all.length, files_unreadable: unreadable.length, max_lost_ms: maxLostMs });
  expect(unreadable).toEqual([]);
  expect(maxLostMs).toBeLessThanOrEqual(MOST_LOST_MS);
});
