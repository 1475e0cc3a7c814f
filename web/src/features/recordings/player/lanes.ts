/** The course of a call, by participant: when they were there, muted, not heard for another reason, and what happened. Pure. */
import type { RecordedEvent, RecordedStream, RecordingDetail, RecordingGap, RecordingPeaks } from "../../../api/recordings";
import { onTimeline, speechOf, type Stretch } from "./levels";
import { loudnessOf, type Loudness } from "./loudness";

export interface Gap extends Stretch {
  reason: string;
}

export interface Lane {
  userId: string;
  present: Stretch[];
  muted: Stretch[];
  gaps: Gap[];
  /** Their screen is seen. */
  shared: Stretch[];
  /** Null where it is not known; `speech` as well. */
  loudness: Loudness | null;
  speech: Stretch[] | null;
}

export type MomentKind = "join" | "leave" | "muted" | "unmuted" | "held" | "resumed" | "consent" | "screen_on" | "screen_off" | "gap";

export interface Moment {
  atMs: number;
  kind: MomentKind;
  userId: string;
  gap?: Gap;
}

type Parties = Pick<RecordingDetail, "gaps" | "streams">;

/** Bars of the mix. */
export const BARS = 240;
const LOUDEST = 255;
/** Silence that the sender chose is no gap for who listens. */
const CHOSEN = new Set(["silence", "mute", "dtx"]);
/** A shorter one is not worth a line. */
const WORTH_MS = 1_000;

const hasSound = ({ sources }: RecordedStream): boolean => sources.includes("microphone");

/** Where the server has not summed it up, as long as its longest track. */
export function lengthOfRecording({ duration_ms, streams }: Pick<RecordingDetail, "duration_ms" | "streams">): number {
  return duration_ms ?? Math.max(0, ...streams.map((stream) => stream.starts_ms + stream.duration_ms));
}

/** Participants in the order in which they came. */
export function usersOf({ streams }: Pick<RecordingDetail, "streams">): string[] {
  const inOrder = [...streams].sort((a, b) => a.starts_ms - b.starts_ms);
  return [...new Set(inOrder.map(({ user_id }) => user_id).filter((id) => id != null))];
}

export function lanesOf(recording: RecordingDetail, events: readonly RecordedEvent[], peaks: RecordingPeaks | null): Lane[] {
  const moments = momentsOf(recording, events);
  const durationMs = lengthOfRecording(recording);
  return usersOf(recording).map((userId) => {
    const sounds = recording.streams.filter((stream) => stream.user_id === userId && hasSound(stream));
    const loudness = loudnessOf(userId, sounds, peaks, durationMs);
    const present = merged(sounds.map(({ starts_ms, duration_ms }) => ({ fromMs: starts_ms, toMs: starts_ms + duration_ms })));
    const own = gapsOf(recording, events, userId);
    return {
      userId,
      present,
      muted: merged([
        ...between(moments, userId, "muted", "unmuted", durationMs),
        ...between(moments, userId, "held", "resumed", durationMs),
        ...own.filter(({ reason }) => reason === "mute"),
      ]),
      gaps: own.filter(({ reason }) => !CHOSEN.has(reason)),
      shared: sharedOf(recording, moments, userId, durationMs),
      loudness,
      speech: loudness === null ? null : speechOf(loudness.levels, loudness.stepMs, 0),
    };
  });
}

/** The loudness of all together. */
export function mixBars(peaks: RecordingPeaks | null, durationMs: number, mix: number | null): number[] {
  const levels = peaks?.streams.find(({ stream }) => stream === mix)?.levels.map((level) => level / LOUDEST);
  return onTimeline(levels ?? [], peaks?.bucket_ms ?? 1_000, 0, durationMs, BARS);
}

/** Of the sound. The events say whether a gap of a track is one of its sound or of its picture; where they cannot be had, each counts. */
function gapsOf({ gaps, streams }: Parties, events: readonly RecordedEvent[], userId: string): Gap[] {
  const sounds = new Set(streams.filter((stream) => stream.user_id === userId && hasSound(stream)).map(({ stream }) => stream));
  const told = events.filter(({ type, source = "microphone" }) => type === "gap" && source === "microphone");
  const all: Partial<RecordingGap>[] = events.some(({ type }) => type === "gap") ? told : gaps;
  return all
    .filter(({ stream = -1 }) => sounds.has(stream))
    .map(({ from_ms = 0, to_ms = 0, reason = "" }) => ({ fromMs: from_ms, toMs: to_ms, reason }))
    .sort((a, b) => a.fromMs - b.fromMs);
}

/** By what was told of it, else by what was recorded of it. */
function sharedOf({ streams }: Parties, moments: readonly Moment[], userId: string, durationMs: number): Stretch[] {
  const told = between(moments, userId, "screen_on", "screen_off", durationMs);
  if (told.length > 0) return told;
  const screens = streams.filter(({ user_id, sources }) => user_id === userId && sources.includes("screen"));
  return merged(screens.map(({ starts_ms, duration_ms }) => ({ fromMs: starts_ms, toMs: starts_ms + duration_ms })));
}

/** In order, without overlaps. */
export function merged(stretches: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = [];
  for (const { fromMs, toMs } of [...stretches].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = found.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else found.push({ fromMs, toMs });
  }
  return found;
}

/** From `from` to `to`, or until they leave, or to the end. */
function between(moments: readonly Moment[], userId: string, from: MomentKind, to: MomentKind, durationMs: number): Stretch[] {
  const found: Stretch[] = [];
  let since: number | null = null;
  for (const { atMs, kind, userId: whose } of moments) {
    if (whose !== userId) continue;
    if (kind === from) since ??= atMs;
    if (since !== null && (kind === to || kind === "leave")) {
      found.push({ fromMs: since, toMs: atMs });
      since = null;
    }
  }
  return since === null ? found : [...found, { fromMs: since, toMs: durationMs }];
}

/** What happened, in order. What the server tells of and this page does not know is left out. */
export function momentsOf(recording: Parties, events: readonly RecordedEvent[]): Moment[] {
  const said = saidBy(events);
  const gaps = usersOf(recording).flatMap((userId) =>
    gapsOf(recording, events, userId)
      .filter(({ reason, fromMs, toMs }) => !CHOSEN.has(reason) && toMs - fromMs >= WORTH_MS)
      .map((gap): Moment => ({ atMs: gap.fromMs, kind: "gap", userId, gap })),
  );
  return [...said, ...gaps].sort((a, b) => a.atMs - b.atMs);
}

const KINDS: Record<string, MomentKind> = { join: "join", leave: "leave", consent: "consent" };

interface Sent {
  microphone: boolean;
  screen: boolean;
  on_hold: boolean;
}

/** `media` says all that somebody sends from then on: what is told is what changes. Whoever comes is taken to speak and to show nothing. */
function saidBy(events: readonly RecordedEvent[]): Moment[] {
  const sent = new Map<string, Sent>();
  return events.flatMap(({ at_ms: atMs, type, user_id: userId, ...media }) => {
    if (userId == null) return [];
    if (type !== "media") {
      const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
      return kind === undefined ? [] : [{ atMs, kind, userId }];
    }
    const before = sent.get(userId) ?? { microphone: true, screen: false, on_hold: false };
    const after = { microphone: media.microphone ?? before.microphone, screen: media.screen ?? before.screen, on_hold: media.on_hold ?? before.on_hold };
    sent.set(userId, after);
    const kinds: MomentKind[] = [];
    if (before.microphone !== after.microphone) kinds.push(after.microphone ? "unmuted" : "muted");
    if (before.on_hold !== after.on_hold) kinds.push(after.on_hold ? "held" : "resumed");
    if (before.screen !== after.screen) kinds.push(after.screen ? "screen_on" : "screen_off");
    return kinds.map((kind) => ({ atMs, kind, userId }));
  });
}
