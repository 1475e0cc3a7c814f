/** The sound of a new message: two short soft notes, made here, so that nothing is loaded. */

/** [frequency in Hz, start in s] */
const NOTES: readonly [number, number][] = [
  [784, 0],
  [1046.5, 0.09],
];
const LENGTH_S = 0.22;
const VOLUME = 0.07;
/** A burst of messages is one sound. */
const QUIET_MS = 1_500;

let last = 0;

export function playMessageSound(now: number = Date.now()): void {
  if (now - last < QUIET_MS || !("AudioContext" in window)) return;
  last = now;
  const context = new AudioContext();
  // A page that nobody has clicked in yet may be refused sound: then it stays silent.
  void context.resume().catch(() => undefined);
  for (const [frequency, start] of NOTES) {
    const at = context.currentTime + start;
    const tone = new OscillatorNode(context, { frequency, type: "sine" });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(VOLUME, at + 0.015);
    loudness.gain.exponentialRampToValueAtTime(0.0005, at + LENGTH_S);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + LENGTH_S);
  }
  setTimeout(() => void context.close(), 1_000);
}
