/** What a page notes of its calls, and the buttons it presses by itself. Runs in the page; holds on to nothing that it should let go of. */

/** When things happened, in milliseconds of the machine's clock, which both pages share. */
export interface Marks {
  /** The click on "Accept". */
  accepted?: number;
  /** The browser has given microphone and camera. */
  devices?: number;
  /** The page has begun to connect. */
  peer?: number;
  connected?: number;
  /** The first frame of the other side was put on the screen. */
  frame?: number;
}

export interface Churned {
  done: number;
  failed: string[];
}

declare global {
  interface Window {
    bench: {
      marks: Marks;
      reset(): void;
      /** Connections that were never closed. */
      open(): number;
      /** The same, themselves: a call that moves has two. */
      peers(): RTCPeerConnection[];
      /** Presses "Accept" whenever it is there. */
      acceptAll(): void;
      /** Calls, is connected, hangs up, so many times. */
      churn(times: number): Promise<Churned>;
    };
  }
}

export function probe(): void {
  let marks: Marks = {};
  const mark = (name: keyof Marks): void => { marks[name] ??= Date.now(); };
  const remote = new WeakSet<MediaStreamTrack>();
  const peers = new Set<WeakRef<RTCPeerConnection>>();
  const seen = new WeakMap<HTMLVideoElement, MediaProvider>();
  const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

  const button = (name: string): HTMLButtonElement | undefined =>
    [...document.querySelectorAll('button')].find((one) => (one.getAttribute('aria-label') ?? one.textContent) === name && !one.disabled);

  document.addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('button') === button('Accept')) mark('accepted');
  }, true);

  const capture = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (constraints) {
    const stream = await capture.call(this, constraints);
    mark('devices');
    return stream;
  };

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      mark('peer');
      peers.add(new WeakRef(this));
      this.addEventListener('track', ({ track }) => remote.add(track));
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') mark('connected');
      });
    }
  };

  setInterval(() => {
    for (const video of document.querySelectorAll('video')) {
      const stream = video.srcObject;
      if (!(stream instanceof MediaStream) || seen.get(video) === stream) continue;
      if (!stream.getVideoTracks().some((track) => remote.has(track))) continue;
      seen.set(video, stream);
      video.requestVideoFrameCallback(() => { mark('frame'); });
    }
  }, 5);

  const until = async (what: string, holds: () => boolean): Promise<void> => {
    const end = Date.now() + 15_000;
    while (!holds()) {
      if (Date.now() > end) throw new Error(what);
      await wait(10);
    }
  };

  async function once(): Promise<void> {
    await until('no button to call with', () => button('Call') !== undefined);
    button('Call')?.click();
    await until('never connected', () => window.stafflineCall?.()?.connectionState === 'connected');
    await until('no button to hang up with', () => button('Hang up') !== undefined);
    button('Hang up')?.click();
    await until('the call did not end', () => button('Hang up') === undefined && (window.stafflineCall?.() ?? null) === null);
  }

  const peersOpen = (): RTCPeerConnection[] =>
    [...peers].map((one) => one.deref()).filter((peer) => peer !== undefined).filter((peer) => peer.connectionState !== 'closed');

  window.bench = {
    get marks() { return marks; },
    reset() { marks = {}; },
    open: () => peersOpen().length,
    peers: peersOpen,
    acceptAll() { setInterval(() => button('Accept')?.click(), 20); },
    async churn(times) {
      const failed: string[] = [];
      for (let i = 0; i < times; i += 1) {
        try {
          await once();
        } catch (error) {
          failed.push(String(error));
          button('Hang up')?.click();
          await wait(1_000);
        }
      }
      return { done: times - failed.length, failed };
    },
  };
}
