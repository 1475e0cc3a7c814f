/** Where chirps and flashes are in a file: decoded by ffmpeg, found by correlation. */
import { execFileSync, spawnSync } from 'node:child_process';
import { CYCLE, RATE, type Voice, chirp } from './clip.ts';

const MAX_BYTES = 512 * 1024 * 1024;
/** The search goes by every fourth place, a third of the shortest wave, and compares every fifteenth sample there. */
const COARSE = 4;
const SPARSE = 15;
/** Around where something should be. */
const REACH_S = 0.2;
/** What correlates less is not there. */
const THERE = 0.5;
/** A chirp that lies a little higher resembles one that comes a little later: with less than this it may be another. */
const CERTAIN = 0.9;

/** Mono samples from -1 to 1. */
export function decode(file: string): Float32Array {
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:a', '-f', 'f32le', '-ac', '1', '-ar', String(RATE), '-'], { maxBuffer: MAX_BYTES });
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** Seconds at which a picture turns bright. */
export function flashes(file: string): number[] {
  const middle = 'crop=iw/2:ih/2:iw/4:ih/4,scale=1:1:flags=area,format=gray,showinfo';
  const { stdout, stderr } = spawnSync('ffmpeg', ['-hide_banner', '-nostats', '-i', file, '-map', '0:v', '-vf', middle, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-'], { maxBuffer: MAX_BYTES });
  const times = [...stderr.toString().matchAll(/ pts_time:(\S+)/g)].map(([, time]) => Number(time));
  if (times.length !== stdout.length) throw new Error(`${file}: ${String(times.length)} times of ${String(stdout.length)} frames`);
  return times.filter((_, i) => (stdout[i] ?? 0) > 125 && (stdout[i - 1] ?? 255) <= 125);
}

export interface Found {
  second: number;
  /** Where it begins, in seconds. */
  at: number;
  /** From 0 to 1. */
  correlation: number;
}

function correlate(samples: Float32Array, from: number, shape: Float32Array, step: number): number {
  let [product, energy, own] = [0, 0, 0];
  for (let i = 0; i < shape.length; i += step) {
    const [sample, value] = [samples[from + i] ?? 0, shape[i] ?? 0];
    product += sample * value;
    energy += sample * sample;
    own += value * value;
  }
  return product / Math.sqrt(energy * own + 1e-9);
}

function search(samples: Float32Array, shape: Float32Array, about: number): { at: number; correlation: number } {
  const best = (from: number, to: number, step: number, sparse: number): [number, number] => {
    let [place, highest] = [from, -1];
    for (let at = from; at <= to; at += step) {
      const value = correlate(samples, at, shape, sparse);
      if (value > highest) [place, highest] = [at, value];
    }
    return [place, highest];
  };
  const middle = Math.round(about * RATE);
  const [near] = best(Math.max(0, middle - REACH_S * RATE), middle + REACH_S * RATE, COARSE, SPARSE);
  const [place, correlation] = best(Math.max(0, near - COARSE), near + COARSE, 1, 1);
  return { at: place / RATE, correlation };
}

/** The chirps of a voice, each looked for around where it should be; which second of the clip it is, it says itself. Null: it is not there. */
export function find(samples: Float32Array, voice: Voice, about: number[]): (Found | null)[] {
  const shapes = Array.from({ length: CYCLE }, (_, second) => chirp(voice, second));
  let next = -1;
  return about.map((place, i) => {
    const tryOut = (second: number): Found => ({ second, ...search(samples, shapes[second] as Float32Array, place) });
    const expected = next < 0 ? null : tryOut((next + Math.round(place - (about[i - 1] ?? place))) % CYCLE);
    const all = expected !== null && expected.correlation > CERTAIN ? [expected] : shapes.map((_, second) => tryOut(second));
    const best = all.reduce((one, other) => (other.correlation > one.correlation ? other : one));
    next = best.correlation > THERE ? best.second : (expected?.second ?? -1);
    return best.correlation > THERE ? best : null;
  });
}
