/** One cell of the matrix: a real call through the page under one policy, and what was seen of it. */
import { expect } from '@playwright/test';
import { SERVER_IP, type Profile } from '../../../tests/netlab/lab.mjs';
import { type Offices, watchBoth } from '../offices.ts';
import type { Path, Policy } from '../server.ts';
import type { Staff } from '../staff.ts';
import { type MediaStats, readStats } from '../stats.ts';

export interface Cell {
  a: Profile;
  b: Profile;
  policy: Policy;
  connected: boolean;
  /** Frames and sound at both, for some seconds after connecting. */
  media_both_ways: boolean;
  /** What the page says. */
  path: Path | null;
  /** Of the caller and of the callee. */
  transport: [string, string] | null;
  /** From the click on "Accept" to the first remote frame, at the later of the two. */
  ms_to_media: number | null;
  /** Bytes that came to the media node, and to the TURN server to be relayed. */
  media_bytes: number;
  turn_bytes: number;
  /** Packets between an office and an address that is not the server's. */
  packets_elsewhere: number;
  /** What is not as it should be. */
  faults: string[];
}

/** How a call between two offices has to go under a policy: the path, or null where it must not connect. */
export function expectedPath(a: Profile, b: Profile, policy: Policy): Path | null {
  if (policy === 'relayed' || policy === 'media_node') return policy;
  if (meetDirectly(a, b)) return 'direct';
  return policy === 'auto' ? 'relayed' : null;
}

/** Whether two NATs let each other's packets in. */
function meetDirectly(a: Profile, b: Profile): boolean {
  const letsUdpOut = (profile: Profile): boolean => ['open', 'fullcone', 'cone', 'symmetric'].includes(profile);
  // Whoever filters by port must know the other's port, which a symmetric NAT has for one destination only.
  const filtersByPort = (profile: Profile): boolean => profile === 'cone' || profile === 'symmetric';
  if (!letsUdpOut(a) || !letsUdpOut(b)) return false;
  return !(a === 'symmetric' && filtersByPort(b)) && !(b === 'symmetric' && filtersByPort(a));
}

/** The best that an office's network lets through: what a transport has to end with. */
const reach: Record<Profile, RegExp> = {
  open: /udp$/, fullcone: /udp$/, cone: /udp$/, symmetric: /udp$/,
  udpblocked: /tcp$|tls$/, tcp443: /tcp$|tls$/, tls443: /tls$/, proxy: /tcp$|tls$/, offline: /^$/,
};

/** A call that did not connect by then does not. */
const FAILS_AFTER_MS = 16_000;
const CONNECTS_WITHIN_MS = 40_000;
const WATCHED_SECONDS = 3;
const SETTLES_WITHIN_MS = 8_000;
const paths: Record<string, Path> = { Direct: 'direct', Relayed: 'relayed', 'Media node': 'media_node' };

/** Candidate type of this browser and its protocol; for a relay, how it reaches its TURN server. */
export function transportOf({ localType, protocol, relayProtocol }: MediaStats): string {
  return localType === 'relay' ? `relay/${relayProtocol}` : `${localType}/${protocol}`;
}

export async function pathShown(staff: Staff): Promise<Path | null> {
  const name = await staff.pathBadge.textContent();
  return paths[name?.trim() ?? ''] ?? null;
}

/** What has passed the server, and what the offices' routers saw of others. */
async function counted({ lab, server }: Offices): Promise<{ media: number; turn: number; elsewhere: number }> {
  const { media_bytes_in: media, turn_bytes_in: turn } = (await server.relay()).totals;
  const elsewhere = ['a', 'b'].reduce((sum, letter) => sum + (lab.counters(letter).elsewhere ?? NaN), 0);
  return { media, turn, elsewhere };
}

function state({ page }: Staff): Promise<string> {
  return page.evaluate(() => window.stafflineCall?.()?.connectionState ?? 'none');
}

/** Whether media has begun at both; false as soon as it cannot any more. */
async function begins(offices: Offices, expected: Path | null): Promise<boolean> {
  if (expected !== null) {
    await expect(async () => {
      const both = await Promise.all([offices.a, offices.b].map(({ page }) => readStats(page)));
      expect(both.every(({ framesDecoded, audioEnergy }) => framesDecoded > 0 && audioEnergy > 0)).toBe(true);
    }, 'sound and picture at both').toPass({ timeout: CONNECTS_WITHIN_MS, intervals: [200] });
    return true;
  }
  const end = Date.now() + FAILS_AFTER_MS;
  while (Date.now() < end) {
    const states = await Promise.all([state(offices.a), state(offices.b)]);
    if (states.some((one) => one === 'failed' || one === 'none')) return false;
    if (states.every((one) => one === 'connected')) return true;
    await new Promise((done) => setTimeout(done, 250));
  }
  return false;
}

/** From the accept to the other's first frame. */
async function msToMedia({ a, b }: Offices): Promise<number> {
  for (const { page } of [a, b]) await page.waitForFunction(() => window.bench.marks.frame !== undefined);
  const [one, other] = await Promise.all([a, b].map(({ page }) => page.evaluate(() => ({ ...window.bench.marks }))));
  return Math.max(one?.frame ?? NaN, other?.frame ?? NaN) - (other?.accepted ?? NaN);
}

/** Nobody learns the other's address: what the pages were told, and where packets went. */
async function leaks({ a, b }: Offices): Promise<string[]> {
  const found: string[] = [];
  for (const [name, { page }] of [['caller', a], ['callee', b]] as const) {
    for (const line of await page.evaluate(() => window.recorder.candidates())) {
      if (!/ typ relay\b/.test(line) || !line.includes(` ${SERVER_IP} `) || /\b(10\.77|198\.51\.100|203\.0\.113\.1\d\d)\b/.test(line)) {
        found.push(`the ${name} was told of "${line}"`);
      }
    }
    if ((await page.evaluate(() => window.recorder.candidates())).length === 0) found.push(`the ${name} was told of no candidate`);
  }
  return found;
}

/** Both pages as they were before the call. */
async function hangUp({ a, b }: Offices): Promise<void> {
  if (await a.inCall.isVisible()) await a.hangUp();
  await expect(b.inCall).toBeHidden();
}

/** The call itself, from the click to what was seen while both talked. */
async function talk(offices: Offices, cell: Cell, expected: Path | null): Promise<void> {
  const { a, b } = offices;
  await a.call('Call with video');
  await b.accept();
  cell.connected = await begins(offices, expected);
  if (!cell.connected) return;
  const flows = await watchBoth(offices, WATCHED_SECONDS);
  cell.media_both_ways = flows.every(({ framesPerSecond, audioEnergy }) => framesPerSecond > 5 && audioEnergy > 0);
  cell.transport = [transportOf(flows[0].last), transportOf(flows[1].last)];
  // A browser begins with the first way that it finds, and goes over to a better one when it knows it.
  const end = Date.now() + SETTLES_WITHIN_MS;
  while (Date.now() < end && !(inReach(cell, 0) && inReach(cell, 1))) {
    const [one, other] = await watchBoth(offices, 1);
    cell.transport = [transportOf(one.last), transportOf(other.last)];
  }
  const [path, other] = [await pathShown(a), await pathShown(b)];
  cell.path = path;
  if (path !== other) cell.faults.push(`the caller's page says ${path}, the callee's ${other}`);
  cell.ms_to_media = Math.round(await msToMedia(offices));
  if (path === 'relayed' && cell.policy === 'relayed') cell.faults.push(...(await leaks(offices)));
}

/** Of the caller (0) or the callee (1). */
function inReach({ a, b, transport }: Cell, end: 0 | 1): boolean {
  return transport !== null && reach[end === 0 ? a : b].test(transport[end]);
}

function judge(cell: Cell, expected: Path | null): void {
  const fault = (wrong: boolean, text: string): void => { if (wrong) cell.faults.push(text); };
  fault(cell.connected !== (expected !== null), expected === null ? 'it connected' : 'it did not connect');
  if (expected !== null && cell.connected) {
    fault(!cell.media_both_ways, 'no media both ways');
    fault(cell.path !== expected, `the path is ${cell.path}, not ${expected}`);
    for (const end of [0, 1] as const) fault(!inReach(cell, end), `${end === 0 ? cell.a : cell.b} should not use ${cell.transport?.[end]}`);
  }
  if (cell.policy === 'direct') fault(cell.media_bytes !== 0 || cell.turn_bytes !== 0, 'media came to the server');
  if (cell.policy === 'relayed') fault(cell.media_bytes !== 0 || cell.turn_bytes === 0, 'media did not go through the TURN server alone');
  if (cell.policy === 'relayed' || cell.policy === 'media_node') {
    fault(cell.packets_elsewhere !== 0, `${cell.packets_elsewhere} packets did not go to the server`);
  }
}

/** Calls once under the policy. Never throws: what went wrong is in the cell. The caller has the callee's chat open. */
export async function play(offices: Offices, [a, b]: [Profile, Profile], policy: Policy): Promise<Cell> {
  const cell: Cell = {
    a, b, policy, connected: false, media_both_ways: false, path: null, transport: null, ms_to_media: null,
    media_bytes: 0, turn_bytes: 0, packets_elsewhere: 0, faults: [],
  };
  const expected = expectedPath(a, b, policy);
  try {
    await offices.server.setPath(policy);
    for (const { page } of [offices.a, offices.b]) await page.evaluate(() => { window.bench.reset(); window.recorder.forget(); });
    const before = await counted(offices);
    await talk(offices, cell, expected);
    const after = await counted(offices);
    [cell.media_bytes, cell.turn_bytes] = [after.media - before.media, after.turn - before.turn];
    cell.packets_elsewhere = after.elsewhere - before.elsewhere;
    await hangUp(offices);
  } catch (error) {
    cell.faults.push(String(error).split('\n', 3).join(' '));
    await hangUp(offices).catch(() => undefined);
  }
  judge(cell, expected);
  return cell;
}
