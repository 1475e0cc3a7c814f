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
import { type Voice, playClip } from './clip.ts';
import { addFigures, farthest } from './figures.ts';
import { type Call, type Outcome, type Side, type Stretch, judgeCall, nameOf } from './judge.ts';
import { type Sensed, sense } from './senses.ts';

const CALL_S = Number(process.env.STAFFLINE_BENCH_CALL ?? 300);
const MUTED_S = CALL_S / 10;
/** What is asked of a recording. */
const OFFSET_MS = 40;
const AV_MS = 80;
const LENGTH_MS = 100;

interface Line {
  loss?: number;
  muted?: boolean;
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const sensedBy = ({ page }: Staff): Promise<Sensed> => page.evaluate(() => window.senses);

async function talk({ lab, server, a, b }: Offices, { loss, muted }: Line): Promise<[Side, Side]> {
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
  const userIds = await Promise.all([anna, boris].map(async (person) => (await Clerk.signIn(server, person)).id));
  return [
    { userId: userIds[0] ?? '', voice: 'a', sensed: await sensedBy(a), muted: silent },
    { userId: userIds[1] ?? '', voice: 'b', sensed: await sensedBy(b), muted: [] },
  ];
}

/** Lays down what an officer may take of the call. */
async function take({ server }: Offices, [hers, his]: [Side, Side], folder: string): Promise<void> {
  const clerk = await Clerk.signIn(server, officer);
  const detail = await kept(clerk);
  for (const { stream } of detail.streams) {
    writeFileSync(path.join(folder, nameOf(stream)), await clerk.bytes(`/api/recordings/${detail.id}/streams/${String(stream)}`));
  }
  const call: Call = { detail, sides: [hers, his], began: await clockOf(clerk, detail.id) };
  writeFileSync(path.join(folder, 'call.json'), JSON.stringify(call, null, 1));
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
        await take(offices, await talk(offices, line), folder);
      }, [sense], flags);
      const outcome = judgeCall(folder);
      console.log(JSON.stringify({ [name]: outcome }, null, 1));
      report(name, outcome);
    } finally {
      rmSync(clips, { recursive: true });
    }
  });
}

/** Figures of all calls so far; the worst of them is what counts. */
const worst = { av_offset_ms: 0, av_offset_95_ms: 0, length_error_ms: 0, audio_offset_ms: 0, audio_offset_95_ms: 0, audio_correlation: 1 };

function report(name: string, { tracks, complaints: said, mixApart, mixLength }: Outcome): void {
  const lengths = [mixLength, ...tracks.map((track) => track.length)];
  const more = (figure: keyof typeof worst, values: number[]): void => { worst[figure] = Math.max(worst[figure], Math.round(farthest(values))); };
  more('av_offset_ms', tracks.map((track) => track.avMedian));
  more('av_offset_95_ms', tracks.map((track) => track.av95));
  more('length_error_ms', lengths);
  more('audio_offset_ms', tracks.map((track) => track.late));
  more('audio_offset_95_ms', tracks.map((track) => track.spread95));
  worst.audio_correlation = Math.min(worst.audio_correlation, ...tracks.map((track) => Number(track.correlation.toFixed(3))));
  addFigures('recording.json', { ...worst, [`call_${name}`]: { tracks, mixApart, mixLength } });
  expect(said).toEqual([]);
  for (const { chirps: [should, are], correlation, late, avMedian } of tracks) {
    expect(are / should, 'chirps that are there').toBeGreaterThan(name === 'loss' ? 0.9 : 0.99);
    expect(correlation).toBeGreaterThan(0.9);
    // Medians: the fake devices of a busy machine stand still now and then, and no recorder can know for how long before it has listened for a while.
    expect(Math.abs(late)).toBeLessThan(OFFSET_MS);
    expect(Math.abs(avMedian)).toBeLessThan(AV_MS);
  }
  expect(farthest(mixApart)).toBeLessThan(OFFSET_MS);
  expect(farthest(lengths)).toBeLessThan(LENGTH_MS);
}
