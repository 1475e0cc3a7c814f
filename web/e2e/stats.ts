/** What a browser says of its call: `getStats` read several times, so that "connected" is never taken for "media flows". */
import { expect } from '@playwright/test';

/** A page of any browser. */
export interface Page {
  evaluate<R>(fn: (arg: number) => R | Promise<R>, arg: number): Promise<R>;
}

export interface MediaStats {
  /** Of the picture that this browser sends. */
  framesSent: number;
  framesDecoded: number;
  framesDropped: number;
  packetsReceived: number;
  packetsLost: number;
  audioEnergy: number;
  audioPacketsReceived: number;
  audioPacketsLost: number;
  /** 48,000 a second; the concealed ones were made up, because nothing had come in time. */
  audioSamples: number;
  audioSamplesConcealed: number;
  freezes: number;
  localType: string;
  remoteType: string;
  protocol: string;
  /** How this browser reaches its TURN server: udp, tcp or tls; empty without one. */
  relayProtocol: string;
  remoteAddress: string;
  remotePort: number;
  codecs: string[];
}

/** Reads the running call of a page; fails if there is none. */
export function readStats(page: Page): Promise<MediaStats> {
  return page.evaluate(async (_) => {
    const pc = window.stafflineCall?.();
    if (!pc) throw new Error('no peer connection');
    const all = new Map<string, Record<string, unknown>>();
    (await pc.getStats()).forEach((s: Record<string, unknown>) => all.set(s.id as string, s));
    const rows = [...all.values()];
    const inbound = (kind: string) => rows.filter((s) => s.type === 'inbound-rtp' && s.kind === kind);
    const sum = (list: Record<string, unknown>[], field: string) => list.reduce((n, s) => n + Number(s[field] ?? 0), 0);
    const transport = rows.find((s) => s.type === 'transport');
    // Firefox marks the pair itself.
    const pair = all.get(String(transport?.selectedCandidatePairId))
      ?? rows.find((s) => s.type === 'candidate-pair' && s.selected === true)
      ?? rows.find((s) => s.type === 'candidate-pair' && s.nominated === true && s.state === 'succeeded');
    const local = all.get(String(pair?.localCandidateId));
    const remote = all.get(String(pair?.remoteCandidateId));
    const [video, audio] = [inbound('video'), inbound('audio')];
    return {
      framesSent: sum(rows.filter((s) => s.type === 'outbound-rtp' && s.kind === 'video'), 'framesSent'),
      framesDecoded: sum(video, 'framesDecoded'),
      framesDropped: sum(video, 'framesDropped'),
      packetsReceived: sum(video, 'packetsReceived'),
      packetsLost: sum(video, 'packetsLost'),
      audioEnergy: sum(audio, 'totalAudioEnergy'),
      audioPacketsReceived: sum(audio, 'packetsReceived'),
      audioPacketsLost: sum(audio, 'packetsLost'),
      audioSamples: sum(audio, 'totalSamplesReceived'),
      // Silence that stood for silence is none of them.
      audioSamplesConcealed: sum(audio, 'concealedSamples') - sum(audio, 'silentConcealedSamples'),
      freezes: sum(video, 'freezeCount'),
      localType: String(local?.candidateType),
      remoteType: String(remote?.candidateType),
      protocol: String(local?.protocol),
      relayProtocol: String(local?.relayProtocol ?? ''),
      remoteAddress: String(remote?.address),
      remotePort: Number(remote?.port),
      codecs: [...video, ...audio].map((s) => String(all.get(String(s.codecId))?.mimeType)),
    };
  }, 0);
}

/** Waits until the call's media connects. */
export async function connected(page: Page): Promise<void> {
  const state = () => page.evaluate((_) => window.stafflineCall?.()?.connectionState ?? 'none', 0);
  await expect.poll(state, { message: 'the state of the peer connection' }).toBe('connected');
}

/** Waits until sound and picture have begun to arrive: a call that has just connected has neither yet. */
export async function flowing(page: Page): Promise<void> {
  await expect.poll(async () => {
    const { framesDecoded, audioEnergy } = await readStats(page);
    return framesDecoded > 0 && audioEnergy > 0;
  }).toBe(true);
}

export interface Flow {
  seconds: number;
  sentPerSecond: number;
  framesPerSecond: number;
  audioEnergy: number;
  /** Of the picture's packets. */
  lostShare: number;
  audioLostShare: number;
  /** Of what was played: how much was made up because nothing had come in time. */
  concealedShare: number;
  freezes: number;
  last: MediaStats;
}

type CountedField = { [Field in keyof MediaStats]: MediaStats[Field] extends number ? Field : never }[keyof MediaStats];

/** Watches a call for some seconds of the page's own time and says what arrived meanwhile. */
export async function watch(page: Page, seconds: number): Promise<Flow> {
  const first = await readStats(page);
  // Real time is what is measured here: media flows or it does not.
  await page.evaluate((ms) => new Promise((done) => setTimeout(done, ms)), seconds * 1000);
  const last = await readStats(page);
  const more = (field: CountedField): number => last[field] - first[field];
  const share = (part: number, rest: number): number => (part + rest === 0 ? 1 : Math.max(0, part) / (part + rest));
  return {
    seconds,
    sentPerSecond: more('framesSent') / seconds,
    framesPerSecond: more('framesDecoded') / seconds,
    audioEnergy: more('audioEnergy'),
    lostShare: share(more('packetsLost'), more('packetsReceived')),
    audioLostShare: share(more('audioPacketsLost'), more('audioPacketsReceived')),
    concealedShare: share(more('audioSamplesConcealed'), more('audioSamples') - more('audioSamplesConcealed')),
    freezes: more('freezes'),
    last,
  };
}

const LOOKS_WITHIN_MS = 120_000;

/** Looks at running calls until all is as it should be: what a busy machine loses now and then passes, a fault stays. */
export async function seen(look: () => Promise<void>): Promise<void> {
  await expect(look).toPass({ timeout: LOOKS_WITHIN_MS, intervals: [0] });
}

export interface Outgoing {
  /** Whether the two ends have agreed on transport-wide feedback, for each kind. */
  transportWide: { audio: boolean; video: boolean };
  /** What the browser believes of its line. */
  availableKbitS: number;
  videoKbitS: number;
}

/** What a page sends, watched for some seconds. */
export function readOutgoing(page: Page, seconds: number): Promise<Outgoing> {
  return page.evaluate(async (ms) => {
    const pc = window.stafflineCall?.();
    if (!pc) throw new Error('no peer connection');
    const rows = async (): Promise<Record<string, unknown>[]> => {
      const list: Record<string, unknown>[] = [];
      (await pc.getStats()).forEach((s: Record<string, unknown>) => list.push(s));
      return list;
    };
    const sent = (list: Record<string, unknown>[]): number =>
      list.filter((s) => s.type === 'outbound-rtp' && s.kind === 'video').reduce((n, s) => n + Number(s.bytesSent), 0);
    const first = sent(await rows());
    await new Promise((done) => setTimeout(done, ms));
    const last = await rows();
    const sections = (pc.remoteDescription?.sdp ?? '').split('\r\nm=');
    const agreed = (kind: string): boolean =>
      sections.some((s) => s.startsWith(kind) && / transport-cc/.test(s) && /transport-wide-cc-extensions-01/.test(s));
    const pair = last.find((s) => s.type === 'candidate-pair' && s.availableOutgoingBitrate !== undefined);
    return {
      transportWide: { audio: agreed('audio'), video: agreed('video') },
      availableKbitS: Number(pair?.availableOutgoingBitrate ?? NaN) / 1000,
      videoKbitS: ((sent(last) - first) * 8) / ms,
    };
  }, seconds * 1000);
}
