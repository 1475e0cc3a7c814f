/** How a browser plays the files of a recording: runs in the officer's page of any browser. */
import { expect } from '@playwright/test';
import type { Page } from './stats.ts';

interface Place {
  /** Where it was asked to go, where it went, and how far it played from there, in seconds. */
  wanted: number;
  reached: number;
  played: number;
}

interface Played {
  stream: number;
  /** In seconds: what the server says, and what the browser makes of the file. */
  known: number;
  duration: number;
  middle: Place;
  end: Place;
  ended: boolean;
  /** Of the picture; 0 where there is none. */
  width: number;
}

/** What is between two frames of sound, and between two pictures. */
const NEAR_S = 0.1;

/** Plays every stream of a recording that has sound or pictures: from the middle, then from a second before the end to the end. Its list is the newest. */
async function playEach(): Promise<Played[]> {
  const get = async (route: string): Promise<unknown> => (await fetch(route)).json();
  const { recordings } = (await get('/api/recordings')) as { recordings: { id: string }[] };
  const id = recordings[0]?.id ?? '';
  const { streams } = (await get(`/api/recordings/${id}`)) as { streams: { stream: number; duration_ms: number; sources: string[] }[] };
  const happens = (media: HTMLMediaElement, event: string): Promise<void> => new Promise((resolve, reject) => {
    const late = setTimeout(() => { reject(new Error(`${media.src}: no ${event} at ${String(media.currentTime)} of ${String(media.duration)}`)); }, 30_000);
    media.addEventListener(event, () => { clearTimeout(late); resolve(); }, { once: true });
    media.addEventListener('error', () => { reject(new Error(`${media.src}: ${String(media.error?.message)}`)); }, { once: true });
  });
  const playFrom = async (media: HTMLMediaElement, wanted: number, seconds: number): Promise<Place> => {
    const there = happens(media, 'seeked');
    media.currentTime = wanted;
    await there;
    const reached = media.currentTime;
    await media.play();
    while (media.currentTime < reached + seconds && !media.ended) await happens(media, 'timeupdate');
    media.pause();
    return { wanted, reached, played: media.currentTime - reached };
  };
  const all: Played[] = [];
  for (const { stream, duration_ms, sources } of streams.filter((one) => one.stream > 0)) {
    const media = document.createElement(sources.includes('camera') || sources.includes('screen') ? 'video' : 'audio');
    // A Firefox without a loudspeaker gives up sound that somebody should hear.
    media.muted = true;
    const known = happens(media, 'loadedmetadata');
    media.src = `/api/recordings/${id}/streams/${String(stream)}`;
    await known;
    const { duration } = media;
    const middle = await playFrom(media, duration / 2, 0.5);
    const over = happens(media, 'ended').then(() => true);
    const end = await playFrom(media, Math.max(0, duration - 1), 10);
    all.push({ stream, known: duration_ms / 1000, duration, middle, end, ended: await over, width: media instanceof HTMLVideoElement ? media.videoWidth : 0 });
    media.removeAttribute('src');
  }
  return all;
}

/** Every file has the length that the server says, goes where it is sent, and plays on from there to its end. */
export async function expectPlayable(page: Page, pictures: boolean[]): Promise<void> {
  const all = await page.evaluate(playEach, 0);
  expect(all.map(({ width }) => width > 0)).toEqual(pictures);
  for (const played of all) {
    const { known, duration, middle, end, ended } = played;
    const words = JSON.stringify(played);
    expect(Math.abs(duration - known), words).toBeLessThan(NEAR_S);
    for (const { wanted, reached } of [middle, end]) expect(Math.abs(reached - wanted), words).toBeLessThan(NEAR_S);
    expect(middle.played, words).toBeGreaterThanOrEqual(0.5);
    expect(ended, words).toBe(true);
  }
}

/** Nobody is to hear it: see above. */
export function silence(page: Page): Promise<void> {
  return page.evaluate(() => {
    for (const media of document.querySelectorAll<HTMLMediaElement>('audio, video')) media.muted = true;
  }, 0);
}

/** Where the page's own player has got to: its elements, by their streams, in seconds. */
export function heardUntil(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() => {
    const all = [...document.querySelectorAll<HTMLMediaElement>('audio[src*="/streams/"], video[src*="/streams/"]')];
    return Object.fromEntries(all.map((media) => [media.src.replace(/.*\//, ''), media.currentTime]));
  }, 0);
}
