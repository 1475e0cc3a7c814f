/**
 * What a call costs, and how soon it is there: from the click on "Accept" to the other side's first frame, after a reload, after the network
 * changed, and what 500 calls leave behind. Writes target/figures/calls.json.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, expect, test } from '@playwright/test';
import { skipped } from '../../../tests/netlab/lab.mjs';
import { inOffices, mediaBack, ring, talking } from '../offices.ts';
import { freePort } from '../ports.ts';
import { type Person, Server, anna, boris } from '../server.ts';
import { Staff, openBrowser } from '../staff.ts';
import { connected, flowing } from '../stats.ts';
import { type Marks, probe } from './probe.ts';
import { type Held, held } from './process.ts';

const out = fileURLToPath(new URL('../../../target/figures/calls.json', import.meta.url));
const paths = ['direct', 'media_node'] as const;
type Path = (typeof paths)[number];

const TIMED = Number(process.env.STAFFLINE_BENCH_TIMED ?? 24);
const CHURN = Number(process.env.STAFFLINE_BENCH_CHURN ?? 500);
const WARM_UP = Math.ceil(CHURN / 10);
/** The server lets nobody start more than 20 calls in a minute. */
const STARTS = 19;
const STARTS_MS = 61_000;
/** The reloads that follow start calls as well. */
const TIMED_AT_ONCE = STARTS - 3;
const RELOADS = 3;
const MOVES = 3;
const CABLE_MS = 4_000;
/** A page that is not back in its call by then does not come back. */
const PATIENCE_MS = 20_000;

const figures: Record<string, number | boolean | null> = {};
const say = (name: string, value: number | boolean | null): void => {
  figures[name] = typeof value === 'number' ? Math.round(value) : value;
  console.log(`${name}: ${String(figures[name])}`);
};
const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

interface Two {
  a: Staff;
  b: Staff;
}

const others: [Person, Person][] = [1, 2].map((n) => [person(`Vera ${n}`), person(`Gleb ${n}`)]);

function person(name: string): Person {
  return { name, login: name.toLowerCase().replace(' ', '-'), password: `${name} keeps a secret` };
}

/** Two people at two pages that note what happens, with each other's chat open. */
async function pair(browser: Browser, server: Server, [one, other]: [Person, Person]): Promise<Two> {
  const [a, b] = [await Staff.signIn(browser, server.url, one), await Staff.signIn(browser, server.url, other)];
  for (const { page } of [a, b]) {
    await page.addInitScript(probe);
    await page.reload();
  }
  await a.openChat(other.name);
  await b.openChat(one.name);
  return { a, b };
}

const marksOf = ({ page }: Staff): Promise<Marks> => page.evaluate(() => ({ ...window.bench.marks }));

async function firstFrame(staff: Staff): Promise<Marks> {
  await staff.page.waitForFunction(() => window.bench.marks.frame !== undefined, undefined, { timeout: PATIENCE_MS });
  return marksOf(staff);
}

async function ended({ a, b }: Two): Promise<void> {
  await a.hangUp();
  await expect(b.inCall).toBeHidden();
}

/** From the click on "Accept" to the first frame at both, and where the time went. */
async function timeAccept(server: Server, two: Two): Promise<void> {
  const { a, b } = two;
  const samples: Record<Path, number[]> = { direct: [], media_node: [] };
  const phases: Record<'devices' | 'peer' | 'connected' | 'frame', number[]> = { devices: [], peer: [], connected: [], frame: [] };
  for (let i = 0; i < TIMED; i += 1) {
    const way = paths[i % 2] as Path;
    if (i > 0 && i % TIMED_AT_ONCE === 0) await sleep(STARTS_MS);
    await server.setPath(way);
    for (const { page } of [a, b]) await page.evaluate(() => { window.bench.reset(); });
    await a.call('Call with video');
    await expect(b.ringing).toBeVisible();
    await b.accept();
    const [caller, callee] = [await firstFrame(a), await firstFrame(b)];
    const since = callee.accepted ?? NaN;
    for (const { frame } of [caller, callee]) samples[way].push((frame ?? NaN) - since);
    for (const name of ['devices', 'peer', 'connected', 'frame'] as const) phases[name].push((callee[name] ?? NaN) - since);
    await ended(two);
  }
  const all = [...samples.direct, ...samples.media_node];
  say('accept_to_first_frame_ms_p50', quantile(all, 0.5));
  say('accept_to_first_frame_ms_p95', quantile(all, 0.95));
  for (const way of paths) say(`accept_to_first_frame_ms_p50_${way}`, quantile(samples[way], 0.5));
  for (const [name, times] of Object.entries(phases)) say(`callee_${name}_after_accept_ms_p50`, quantile(times, 0.5));
}

/** From the reload to the first frame in the call that goes on. Nothing if it does not. */
async function timeReload(server: Server, two: Two): Promise<void> {
  const { a, b } = two;
  const times: number[] = [];
  for (const way of paths) {
    await server.setPath(way);
    await a.call('Call with video');
    await b.accept();
    for (const { page } of [a, b]) await connected(page);
    for (let i = 0; i < RELOADS; i += 1) {
      await Promise.all([flowing(a.page), flowing(b.page)]);
      const begin = Date.now();
      await b.page.reload({ waitUntil: 'commit' });
      const back = await firstFrame(b).catch(() => null);
      if (back?.frame === undefined) {
        say('reload_ms', null);
        return ended(two);
      }
      times.push(back.frame - begin);
    }
    await ended(two);
  }
  say('reload_ms', quantile(times, 0.5));
  say('reload_ms_max', Math.max(...times));
}

async function heapOf(staff: Staff): Promise<number> {
  const devtools = await staff.context.newCDPSession(staff.page);
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  await devtools.detach();
  return usedSize;
}

/** Nothing of calls that are over: waits until the server is back at what it held, or says after a while what it still holds. */
async function settled(server: Server, before: Held, patienceMs: number): Promise<{ sessions: number; now: Held }> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const [{ sessions }, now] = [await server.report(), held(server.pid)];
    const clean = sessions === 0 && now.files <= before.files && now.threads <= before.threads;
    if (clean || Date.now() > end) return { sessions, now };
    await sleep(500);
  }
}

/** Everybody calls in turn, half of the calls on each path; gives how many failed. */
async function callMany(server: Server, callers: Staff[], rested: Map<Staff, number>, times: number, atOnce: number): Promise<string[]> {
  const failures: string[] = [];
  for (let made = 0, turn = 0; made < times; turn += 1) {
    const caller = callers[turn % callers.length] as Staff;
    await sleep((rested.get(caller) ?? 0) - Date.now());
    await server.setPath(paths[turn % 2] as Path);
    const batch = Math.min(atOnce, times - made);
    const { failed } = await caller.page.evaluate((n) => window.bench.churn(n), batch);
    failures.push(...failed);
    made += batch;
    rested.set(caller, Date.now() + STARTS_MS);
  }
  return failures;
}

/** What many calls leave behind at the server and in the pages. */
async function churn(server: Server, pairs: Two[]): Promise<void> {
  const people = pairs.flatMap(({ a, b }) => [a, b]);
  for (const { page } of people) await page.evaluate(() => { window.bench.acceptAll(); });
  const rested = new Map<Staff, number>();
  await callMany(server, people, rested, WARM_UP, Math.ceil(WARM_UP / people.length));
  await settled(server, { rss: 0, files: 0, threads: Infinity }, 5_000);
  const before = held(server.pid);
  const heaps = await Promise.all(people.map(heapOf));
  const failures = await callMany(server, people, rested, CHURN, STARTS);
  for (const failure of failures) console.log(failure);
  say('churn_calls', CHURN);
  say('churn_failed_calls', failures.length);
  const { sessions, now } = await settled(server, before, 40_000);
  say('churn_rss_growth_bytes', now.rss - before.rss);
  say('churn_leaked_sessions', sessions + Math.max(0, now.files - before.files) + Math.max(0, now.threads - before.threads));
  const after = await Promise.all(people.map(heapOf));
  say('churn_page_heap_growth_bytes', Math.max(...after.map((heap, i) => heap - (heaps[i] ?? 0))));
  const open = await Promise.all(people.map(({ page }) => page.evaluate(() => window.bench.open())));
  say('churn_open_connections', open.reduce((sum, n) => sum + n, 0));
}

/** How soon media is back after a laptop moved to another network, and whether a pulled cable ends the call. */
async function timeMoves(): Promise<void> {
  const times: number[] = [];
  let survived = true;
  for (const way of paths) {
    await inOffices(['cone', 'cone'], async (offices) => {
      const { lab, server } = offices;
      await server.setPath(way);
      await ring(offices);
      await talking(offices);
      for (let i = 0; i < MOVES; i += 1) {
        lab.renumber(i % 2 === 0 ? 'a' : 'b');
        times.push(await mediaBack(offices, PATIENCE_MS));
      }
      lab.link('a', 'down');
      await sleep(CABLE_MS);
      lab.link('a', 'up');
      const back = await mediaBack(offices, PATIENCE_MS).catch(() => null);
      survived &&= back !== null && (await offices.b.inCall.isVisible());
    });
  }
  say('network_move_ms', quantile(times, 0.5));
  say('network_move_ms_max', Math.max(...times));
  say('cable_pull_survived', survived);
}

test('what calls cost', async () => {
  // Figures of an earlier day must not be taken for the outcome of a run that failed.
  rmSync(out, { force: true });
  const port = String(await freePort());
  const server = await Server.start({ url: `http://localhost:${port}`, listen: `0.0.0.0:${port}` });
  const browser = await openBrowser();
  try {
    await server.setUp();
    const everybody: [Person, Person][] = [[anna, boris], ...others];
    for (const one of everybody.flat()) await server.add(one);
    const two = await pair(browser, server, [anna, boris]);
    await timeAccept(server, two);
    await timeReload(server, two);
    const pairs = [two];
    for (const each of others) pairs.push(await pair(browser, server, each));
    await churn(server, pairs);
  } finally {
    await browser.close();
    await server.dispose();
  }
  if (skipped()) console.log('STAFFLINE_SKIP names netlab: no figures of networks that change');
  else await timeMoves();
  mkdirSync(path.dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(figures, null, 2)}\n`);
});
