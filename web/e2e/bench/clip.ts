/**
 * What the fake devices play: a chirp and a flash in every second, so that where something is in a recording can be told from its content.
 * Each person has a voice of their own, and each second of a cycle a chirp that no other has.
 */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';

export const RATE = 48_000;
/** Seconds until the chirps come again. A prime number: neighbours of neighbours differ as well. */
export const CYCLE = 23;
export const CHIRP_S = 0.2;
const FADE_S = 0.004;
const LOUD = 0.5;
export const FPS = 30;
const [WIDTH, HEIGHT] = [320, 180];
/** Frames of a second that are bright. */
const BRIGHT_FRAMES = 6;
/** The clip of the picture begins anew so often. */
const PICTURE_S = 5;

export type Voice = 'a' | 'b';
/** Far enough apart that nobody's echo canceller, and no search, takes one for the other. */
const lowest: Record<Voice, number> = { a: 400, b: 2_600 };

/** The chirp of a second: rises in even ones, falls in odd ones, from a pitch that only it has. */
export function chirp(voice: Voice, second: number): Float32Array {
  const place = second % CYCLE;
  const low = lowest[voice] + 70 * ((place * 7) % CYCLE);
  const [from, to] = place % 2 === 0 ? [low, low + 300] : [low + 300, low];
  return Float32Array.from({ length: CHIRP_S * RATE }, (_, i) => {
    const t = i / RATE;
    const fade = Math.min(1, t / FADE_S, (CHIRP_S - t) / FADE_S);
    return LOUD * fade * Math.sin(2 * Math.PI * (from * t + ((to - from) * t * t) / (2 * CHIRP_S)));
  });
}

/** A WAV file; chirp `k` begins at second `k`. */
function writeSound(file: string, voice: Voice, seconds: number): void {
  const samples = Buffer.alloc(seconds * RATE * 2);
  for (let second = 0; second < seconds; second += 1) {
    chirp(voice, second).forEach((value, i) => samples.writeInt16LE(Math.round(value * 32_767), (second * RATE + i) * 2));
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  writeFileSync(file, Buffer.concat([head, samples]));
}

/** A Y4M file: dark with a bar that wanders, and bright at the beginning of each second. */
function writePicture(file: string): void {
  const out = openSync(file, 'w');
  writeSync(out, `YUV4MPEG2 W${String(WIDTH)} H${String(HEIGHT)} F${String(FPS)}:1 Ip A1:1 C420jpeg\n`);
  const colours = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  for (let frame = 0; frame < FPS * PICTURE_S; frame += 1) {
    const luma = Buffer.alloc(WIDTH * HEIGHT, frame % FPS < BRIGHT_FRAMES ? 220 : 30);
    const left = (frame * 4) % (WIDTH - 16);
    for (let y = HEIGHT - 30; y < HEIGHT; y += 1) luma.fill(120, y * WIDTH + left, y * WIDTH + left + 16);
    writeSync(out, 'FRAME\n');
    writeSync(out, luma);
    writeSync(out, colours);
  }
  closeSync(out);
}

/** The flags with which a Chromium has the clip for microphone and camera. */
export function playClip(folder: string, voice: Voice, seconds: number): string[] {
  const [sound, picture] = [path.join(folder, `${voice}.wav`), path.join(folder, `${voice}.y4m`)];
  writeSound(sound, voice, seconds);
  writePicture(picture);
  return [`--use-file-for-fake-audio-capture=${sound}`, `--use-file-for-fake-video-capture=${picture}`];
}
