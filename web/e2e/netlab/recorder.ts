/** What a page notes of the media of its calls: how long nothing new came, and which candidates it was told. Runs in the page, after `bench/probe.ts`. */

/** Longest times, in milliseconds, without anything new that had come over the network and was decoded. */
export interface Gaps {
  sound: number;
  picture: number;
  /** How often it was looked. */
  samples: number;
}

declare global {
  interface Window {
    recorder: {
      /** Begins to measure gaps. */
      start(): void;
      /** Ends it; what lasts still counts. */
      stop(): Promise<Gaps>;
      /** Candidates of the other side, as they came in signals since `forget`. */
      candidates(): string[];
      forget(): void;
    };
  }
}

export function recorder(): void {
  /** Chromium keeps an answer of getStats for 50 ms, so that looking more often shows nothing more. */
  const STEP_MS = 25;
  let told: string[] = [];

  /** Calls `note` before the browser's own method. */
  function before<Argument>(method: 'addIceCandidate' | 'setRemoteDescription', note: (argument: Argument | undefined) => void): void {
    const prototype = RTCPeerConnection.prototype as unknown as Record<string, (this: RTCPeerConnection, ...args: unknown[]) => unknown>;
    const original = prototype[method];
    prototype[method] = function (...args) {
      note(args[0] as Argument | undefined);
      return original?.apply(this, args);
    };
  }
  before<RTCIceCandidateInit>('addIceCandidate', (candidate) => { if (candidate?.candidate) told.push(candidate.candidate); });
  before<RTCSessionDescriptionInit>('setRemoteDescription', (description) => {
    told.push(...(description?.sdp ?? '').split('\r\n').filter((line) => line.startsWith('a=candidate:')));
  });

  type Kind = 'sound' | 'picture';
  let running: Promise<Gaps> | undefined;
  let on = false;

  /** What each connection has decoded so far; what the jitter buffer made up is not in it. */
  async function decoded(peer: RTCPeerConnection): Promise<Record<Kind, { at: number; count: number }>> {
    const seen = { sound: { at: 0, count: 0 }, picture: { at: 0, count: 0 } };
    (await peer.getStats()).forEach((s: Record<string, number | string>) => {
      if (s.type !== 'inbound-rtp') return;
      const kind = s.kind === 'audio' ? 'sound' : 'picture';
      seen[kind].at = Math.max(seen[kind].at, Number(s.timestamp));
      seen[kind].count += s.kind === 'audio' ? Number(s.totalSamplesReceived ?? 0) - Number(s.concealedSamples ?? 0) : Number(s.framesDecoded ?? 0);
    });
    return seen;
  }

  async function measure(): Promise<Gaps> {
    const gaps: Gaps = { sound: 0, picture: 0, samples: 0 };
    const counts = new WeakMap<RTCPeerConnection, Record<Kind, number>>();
    const last: Record<Kind, number> = { sound: 0, picture: 0 };
    const note = (kind: Kind, at: number): void => {
      if (last[kind] > 0) gaps[kind] = Math.max(gaps[kind], at - last[kind]);
      last[kind] = Math.max(last[kind], at);
    };
    while (on) {
      for (const peer of window.bench.peers()) {
        const now = await decoded(peer);
        const before = counts.get(peer) ?? { sound: 0, picture: 0 };
        for (const kind of ['sound', 'picture'] as const) if (now[kind].count > before[kind]) note(kind, now[kind].at);
        counts.set(peer, { sound: now.sound.count, picture: now.picture.count });
      }
      gaps.samples += 1;
      await new Promise((done) => setTimeout(done, STEP_MS));
    }
    // What began and did not end is a gap as well.
    const end = performance.timeOrigin + performance.now();
    for (const kind of ['sound', 'picture'] as const) note(kind, end);
    return gaps;
  }

  window.recorder = {
    start() {
      on = true;
      running = measure();
    },
    stop() {
      on = false;
      return running ?? Promise.reject(new Error('it was not started'));
    },
    candidates: () => [...told],
    forget() { told = []; },
  };
}
