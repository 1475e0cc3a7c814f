/**
 * When the devices of a page gave a chirp and a flash, by the machine's clock: what a recording is held against. Runs in the page. The
 * devices of Chromium begin at their own time each, and their picture falls behind on a busy machine; so it is heard and seen here, where
 * the page takes it to send it.
 */

export interface Sensed {
  /** Beginnings, in milliseconds of the machine's clock. */
  chirps: number[];
  flashes: number[];
  /** When connections came about. */
  connected: number[];
  /** Clicks on "Hang up". */
  hungUp: number[];
}

interface Timed {
  /** Microseconds of the device. */
  timestamp: number;
  close(): void;
}

interface Sound extends Timed {
  sampleRate: number;
  numberOfFrames: number;
  copyTo(target: Float32Array, options: { planeIndex: number; format: string }): void;
}

interface Picture extends Timed {
  codedWidth: number;
  codedHeight: number;
  format: string | null;
  copyTo(target: Uint8Array, options: { rect: { x: number; y: number; width: number; height: number } }): Promise<unknown>;
}

declare global {
  interface Window {
    senses: Sensed;
  }
}

export function sense(): void {
  const senses: Sensed = { chirps: [], flashes: [], connected: [], hungUp: [] };
  window.senses = senses;
  const SILENT_MS = 300;
  const now = (): number => performance.timeOrigin + performance.now();

  /** A device's time as that of the machine: what comes quickest of the last ones has waited least. */
  const clockOf = (keep: number) => {
    const late: number[] = [];
    return (timestamp: number): number => {
      late.push(now() - timestamp / 1000);
      if (late.length > keep) late.shift();
      return timestamp / 1000 + Math.min(...late);
    };
  };

  async function follow<T extends Timed>(track: MediaStreamTrack, take: (one: T) => void | Promise<void>): Promise<void> {
    const Processor = (window as unknown as { MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack }) => { readable: ReadableStream<T> } }).MediaStreamTrackProcessor;
    const reader = new Processor({ track }).readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      await take(value);
      value.close();
    }
  }

  function hear(track: MediaStreamTrack): Promise<void> {
    const at = clockOf(300);
    let loud = -Infinity;
    return follow<Sound>(track, (sound) => {
      const begin = at(sound.timestamp);
      const samples = new Float32Array(sound.numberOfFrames);
      sound.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      for (let i = 0; i < samples.length; i += 1) {
        if (Math.abs(samples[i] ?? 0) < 0.1) continue;
        const ms = begin + (i * 1000) / sound.sampleRate;
        if (ms - loud > SILENT_MS) senses.chirps.push(ms);
        loud = ms;
      }
    });
  }

  function see(track: MediaStreamTrack): Promise<void> {
    const at = clockOf(100);
    let bright = true;
    const target = new Uint8Array(64);
    return follow<Picture>(track, async (picture) => {
      const ms = at(picture.timestamp);
      const [x, y] = [picture.codedWidth / 4, picture.codedHeight / 4].map((n) => n - (n % 2)) as [number, number];
      await picture.copyTo(target, { rect: { x, y, width: 2, height: 2 } });
      const is = (target[0] ?? 0) > 125;
      if (is && !bright) senses.flashes.push(ms);
      bright = is;
    });
  }

  const capture = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (constraints) {
    const stream = await capture.call(this, constraints);
    for (const track of stream.getTracks()) void (track.kind === 'audio' ? hear(track) : see(track)).catch((error: unknown) => { console.error(error); });
    return stream;
  };

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') senses.connected.push(now());
      });
    }
  };

  document.addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('button')?.getAttribute('aria-label') === 'Hang up') senses.hungUp.push(now());
  }, true);

  // The chirps as they are: what the browser takes for noise or an echo it would take out.
  localStorage.setItem('staffline.devices', JSON.stringify({ noiseSuppression: false, echoCancellation: false, autoGainControl: false }));
}
