/**
 * What a recording is worth: calls of two Chromiums whose devices play a known clip, and what an officer gets of them, held against the clip.
 * On a good line, on one that loses 5 %, and with somebody muted. Adds to target/figures/recording.json.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { Clerk } from '../clerk.ts';
import { type Offices, inOffices } from '../offices.ts';
import { clockOf, kept, officer, recordAll, recordedCall } from '../recorded.ts';
import { anna, boris } from '../server.ts';
import type { Staff } from '../staff.ts';
import { CYCLE, type Voice, playClip } from './clip.ts';
import { addFigures, farthest, median } from './figures.ts';
import { complaints, lengthOf } from './inspect.ts';
import { type Found, decode, find, flashes } from './listen.ts';
import { type Sensed, sense } from './senses.ts';

const CALL_S = Number(process.env.STAFFLINE_BENCH_CALL ?? 300);
const MUTED_S = CALL_S / 10;
/** Chirps at the very ends of a track may be cut. */
const MARGIN_MS = 1_500;
/** A flash this far from where one should be is another. */
const SAME_FLASH_MS = 400;

/** What is asked of a recording. */
const OFFSET_MS = 40;
const AV_MS = 80;
const LENGTH_MS = 100;

interface Line {
  loss?: number;
  muted?: boolean;
}

interface Stretch {
  from: number;
  to: number;
}

/** What was heard and seen at one page, and which voice it was. */
interface Side {
  voice: Voice;
  sensed: Sensed;
  muted: Stretch[];
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const sensedBy = ({ page }: Staff): Promise<Sensed> => page.evaluate(() => window.senses);

async function talk({ lab, a, b }: Offices, { loss, muted }: Line): Promise<Side[]> {
  await recordedCall(a, b);
  if (loss !== undefined) lab.impair('a', { loss });
  const silent: Stretch[] = [];
  if (muted === true) {
    await sleep(CALL_S * 400);
    const from = Date.now();
    await a.page.keyboard.press('m');
    await expect(a.inCall.getByRole('button', { name: 'Turn microphone on' })).toBeVisible();
    await sleep(MUTED_S * 1000);
    await a.page.keyboard.press('m');
    silent.push({ from: from - 1_000, to: Date.now() + 1_000 });
    await sleep((CALL_S * 0.6 - MUTED_S) * 1000);
  } else {
    await sleep(CALL_S * 1000);
  }
  await a.hangUp();
  await expect(b.inCall).toBeHidden();
  return [{ voice: 'a', sensed: await sensedBy(a), muted: silent }, { voice: 'b', sensed: await sensedBy(b), muted: [] }];
}

interface Judged {
  /** Of chirps and of flashes: how many there should be, and how many are there. */
  chirps: [number, number];
  flashes: [number, number];
  correlation: number;
  /** How much later than it was said something is in the recording, by the machine's clock, in ms. */
  late: number;
  /** How far the worst chirp is from where the clip has it, by that median. */
  spread: number;
  /** The same by the clip alone: how far a chirp is from the first one, against how far it is in the clip. */
  clipSpread: number;
  /** Pictures against sound, as they were in the sender's devices. */
  avMedian: number;
  avWorst: number;
  /** The file against the wall clock, from the connection to the click that hung up. */
  length: number;
}

/** The chirps of a side, as they are in a file that begins then. */
function heard(samples: Float32Array, { voice, sensed, muted }: Side, begins: number, ends: number) {
  const said = sensed.chirps
    .filter((at) => at > begins + MARGIN_MS && at < ends - MARGIN_MS)
    .filter((at) => !muted.some(({ from, to }) => at > from && at < to));
  const found = find(samples, voice, said.map((at) => (at - begins) / 1000));
  const there = found.flatMap((one, i) => (one === null ? [] : [{ ...one, late: begins + one.at * 1000 - (said[i] ?? NaN) }]));
  return { said, there };
}

/** The clock of the devices is that of the clip. Where somebody was muted or a chirp was lost, more than one second has passed. */
function clipSpread(there: Found[]): number {
  const apart = there.slice(1).map((one, i) => one.at - (there[i]?.at ?? NaN));
  const seconds = apart.map((gap, i) => {
    const said = ((there[i + 1]?.second ?? 0) - (there[i]?.second ?? 0) + CYCLE) % CYCLE;
    return said + CYCLE * Math.round((gap - said) / CYCLE);
  });
  let off = 0;
  return farthest(apart.map((gap, i) => { off += (gap - (seconds[i] ?? NaN)) * 1000; return off; }));
}

function judge(file: string, side: Side, begins: number, hungUp: number): Judged {
  const lengthMs = lengthOf(file);
  const ends = begins + lengthMs;
  const { said, there } = heard(decode(file), side, begins, ends);
  const late = median(there.map((one) => one.late));
  const should = side.sensed.flashes.filter((at) => at > begins + MARGIN_MS && at < ends - MARGIN_MS);
  const seen = flashes(file).map((at) => begins + at * 1000);
  const apart = should.flatMap((at) => {
    const nearest = seen.reduce((one, other) => (Math.abs(other - at - late) < Math.abs(one - at - late) ? other : one), Infinity);
    return Math.abs(nearest - at - late) < SAME_FLASH_MS ? [nearest - at - late] : [];
  });
  return {
    chirps: [said.length, there.length],
    flashes: [should.length, apart.length],
    correlation: median(there.map((one) => one.correlation)),
    late,
    spread: farthest(there.map((one) => one.late - late)),
    clipSpread: clipSpread(there),
    avMedian: median(apart),
    avWorst: farthest(apart),
    length: lengthMs - (hungUp - Math.max(...side.sensed.connected)),
  };
}

interface Outcome {
  tracks: Judged[];
  /** Of every file. */
  complaints: string[];
  /** The chirps of each in the mix, against where they are in their track, in ms. */
  mixApart: number[];
  /** The mix against the wall clock, from the beginning of the recording to the click that hung up. */
  mixLength: number;
  gaps: { reason: string; ms: number }[];
}

/** Takes what an officer may take, and judges it. */
async function listen({ server }: Offices, sides: Side[], folder: string): Promise<Outcome> {
  const clerk = await Clerk.signIn(server, officer);
  const detail = await kept(clerk);
  const take = async (stream: number, name: string): Promise<string> => {
    const file = path.join(folder, name);
    writeFileSync(file, await clerk.bytes(`/api/recordings/${detail.id}/streams/${String(stream)}`));
    return file;
  };
  await take(0, 'events.jsonl');
  writeFileSync(path.join(folder, 'detail.json'), JSON.stringify({ detail, sides }, null, 1));
  const mix = await take(1, 'mix.ogg');
  const voices = new Map<string, Voice>([[(await Clerk.signIn(server, anna)).id, 'a'], [(await Clerk.signIn(server, boris)).id, 'b']]);
  const start = await clockOf(clerk, detail.id);
  const hungUp = Math.max(...sides.flatMap(({ sensed }) => sensed.hungUp));
  const outcome: Outcome = {
    tracks: [], complaints: complaints(mix), mixApart: [], mixLength: lengthOf(mix) - (hungUp - start),
    gaps: detail.gaps.map(({ reason, from_ms, to_ms }) => ({ reason, ms: to_ms - from_ms })),
  };
  const together = decode(mix);
  for (const stream of detail.streams.filter((one) => one.stream >= 2)) {
    const file = await take(stream.stream, `${String(stream.stream)}.webm`);
    const side = sides.find(({ voice }) => voice === voices.get(stream.user_id ?? ''));
    if (side === undefined) throw new Error('a track of nobody');
    const judged = judge(file, side, start + stream.starts_ms, hungUp);
    outcome.tracks.push(judged);
    outcome.complaints.push(...complaints(file));
    const { there } = heard(together, side, start, start + lengthOf(mix));
    outcome.mixApart.push(median(there.map((one) => one.late)) - judged.late);
  }
  return outcome;
}

const cases: [string, Line][] = [['clean', {}], ['loss', { loss: 5 }], ['muted', { muted: true }]];

for (const [name, line] of cases) {
  test(`a recorded call: ${name}`, async () => {
    const clips = mkdtempSync(path.join(tmpdir(), 'staffline-clip-'));
    const folder = fileURLToPath(new URL(`../../../target/recorded/${name}`, import.meta.url));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    try {
      const flags = (letter: string): string[] => playClip(clips, letter as Voice, CALL_S + 120);
      await inOffices(['cone', 'cone'], async (offices) => {
        await recordAll(offices.server);
        await offices.server.add(officer, 'compliance');
        const outcome = await listen(offices, await talk(offices, line), folder);
        console.log(JSON.stringify({ [name]: outcome }, null, 1));
        report(name, outcome);
      }, [sense], flags);
    } finally {
      rmSync(clips, { recursive: true });
    }
  });
}

/** Figures of all calls so far; the worst of them is what counts. */
const worst = { av_offset_ms: 0, av_offset_worst_ms: 0, length_error_ms: 0, audio_offset_ms: 0, audio_clip_offset_ms: 0, audio_late_ms: 0, audio_correlation: 1 };

function report(name: string, { tracks, complaints: said, mixApart, mixLength }: Outcome): void {
  const lengths = [mixLength, ...tracks.map((track) => track.length)];
  const more = (figure: keyof typeof worst, values: number[]): void => { worst[figure] = Math.max(worst[figure], Math.round(farthest(values))); };
  more('av_offset_ms', tracks.map((track) => track.avMedian));
  more('av_offset_worst_ms', tracks.map((track) => track.avWorst));
  more('length_error_ms', lengths);
  more('audio_offset_ms', tracks.map((track) => track.spread));
  more('audio_clip_offset_ms', tracks.map((track) => track.clipSpread));
  more('audio_late_ms', tracks.map((track) => track.late));
  worst.audio_correlation = Math.min(worst.audio_correlation, ...tracks.map((track) => Number(track.correlation.toFixed(3))));
  addFigures('recording.json', { ...worst, [`calls_${name}`]: { tracks, mixApart, mixLength } });
  expect(said).toEqual([]);
  for (const { chirps: [should, are], correlation, late, spread, avMedian } of tracks) {
    expect(are / should, 'chirps that are there').toBeGreaterThan(name === 'loss' ? 0.9 : 0.99);
    expect(correlation).toBeGreaterThan(0.9);
    expect(Math.abs(late)).toBeLessThan(OFFSET_MS);
    expect(spread).toBeLessThan(OFFSET_MS);
    expect(Math.abs(avMedian)).toBeLessThan(AV_MS);
  }
  expect(farthest(mixApart)).toBeLessThan(OFFSET_MS);
  expect(farthest(lengths)).toBeLessThan(LENGTH_MS);
}
