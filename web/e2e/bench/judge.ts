/** A recorded call as an officer has it, held against what its pages heard and saw of their own devices. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Detail } from '../recorded.ts';
import { CYCLE, type Voice } from './clip.ts';
import { farthest, median, within95 } from './figures.ts';
import { complaints, lengthOf } from './inspect.ts';
import { type Found, decode, find, flashes } from './listen.ts';
import type { Sensed } from './senses.ts';

/** Chirps at the very ends of a track may be cut. */
const MARGIN_MS = 1_500;
/** A flash this far from where one should be is another. */
const SAME_FLASH_MS = 400;

export interface Stretch {
  from: number;
  to: number;
}

/** What was heard and seen at one page, and whose it was. */
export interface Side {
  userId: string;
  voice: Voice;
  sensed: Sensed;
  muted: Stretch[];
}

/** Everything of a call, as it lies in its folder (`call.json`) beside its streams. */
export interface Call {
  detail: Detail;
  sides: Side[];
  /** When the recording began, in milliseconds of the machine's clock. */
  began: number;
}

export const nameOf = (stream: number): string => (stream === 0 ? 'events.jsonl' : stream === 1 ? 'mix.ogg' : `${String(stream)}.webm`);

export interface Judged {
  /** Of chirps and of flashes: how many there should be, and how many are there. */
  chirps: [number, number];
  flashes: [number, number];
  correlation: number;
  /** How much later than it was said something is in the recording, by the machine's clock, in ms. */
  late: number;
  /** How far chirps are from where they should be, by that median: 95 of 100, and the worst. */
  spread95: number;
  spread: number;
  /** The same by the clip alone: how far a chirp is from the first one, against how far it is in the clip. */
  clipSpread: number;
  /** Pictures against sound, as they were in the sender's devices. */
  avMedian: number;
  av95: number;
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
    spread95: within95(there.map((one) => one.late - late)),
    spread: farthest(there.map((one) => one.late - late)),
    clipSpread: clipSpread(there),
    avMedian: median(apart),
    av95: within95(apart),
    avWorst: farthest(apart),
    length: lengthMs - (hungUp - Math.max(...side.sensed.connected)),
  };
}

export interface Outcome {
  tracks: Judged[];
  /** Of every file. */
  complaints: string[];
  /** The chirps of each in the mix, against where they are in their track, in ms. */
  mixApart: number[];
  /** The mix against the wall clock, from the beginning of the recording to the click that hung up. */
  mixLength: number;
  gaps: { reason: string; ms: number }[];
}

export function judgeCall(folder: string): Outcome {
  const { detail, sides, began } = JSON.parse(readFileSync(path.join(folder, 'call.json'), 'utf8')) as Call;
  const mix = path.join(folder, nameOf(1));
  const hungUp = Math.max(...sides.flatMap(({ sensed }) => sensed.hungUp));
  const outcome: Outcome = {
    tracks: [], complaints: complaints(mix), mixApart: [], mixLength: lengthOf(mix) - (hungUp - began),
    gaps: detail.gaps.map(({ reason, from_ms, to_ms }) => ({ reason, ms: to_ms - from_ms })),
  };
  const together = decode(mix);
  for (const { stream, user_id, starts_ms } of detail.streams.filter((one) => one.stream > 1)) {
    const file = path.join(folder, nameOf(stream));
    const side = sides.find(({ userId }) => userId === user_id);
    if (side === undefined) throw new Error('a track of nobody');
    const judged = judge(file, side, began + starts_ms, hungUp);
    outcome.tracks.push(judged);
    outcome.complaints.push(...complaints(file));
    const { there } = heard(together, side, began, began + lengthOf(mix));
    outcome.mixApart.push(median(there.map((one) => one.late)) - judged.late);
  }
  return outcome;
}
