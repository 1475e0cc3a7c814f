/** The sounds of a call, made here: two soft notes for the callee, a slow tone for the caller, a quiet knock for one who talks. Nothing is loaded. */
export type Ring = "incoming" | "outgoing" | "waiting";

/** [frequency in Hz, start in s, length in s] of each note, and after how many seconds it all repeats. */
const TUNES: Record<Ring, { notes: [number, number, number][]; every: number; volume: number }> = {
  incoming: {
    notes: [
      [659.3, 0, 0.35],
      [880, 0.18, 0.35],
      [659.3, 0.7, 0.35],
      [880, 0.88, 0.5],
    ],
    every: 2.6,
    volume: 0.18,
  },
  outgoing: { notes: [[425, 0, 0.9]], every: 3.6, volume: 0.06 },
  waiting: {
    notes: [
      [659.3, 0, 0.15],
      [880, 0.2, 0.2],
    ],
    every: 4,
    volume: 0.05,
  },
};

function play(context: AudioContext, ring: Ring): void {
  const { notes, volume } = TUNES[ring];
  for (const [frequency, start, length] of notes) {
    const at = context.currentTime + start;
    const tone = new OscillatorNode(context, { frequency, type: "sine" });
    const loudness = new GainNode(context, { gain: 0 });
    // Without ramps each note would begin and end with a click.
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(volume, at + 0.03);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + length);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + length);
  }
}

/** Rings until the returned function is called. A page nobody has clicked in yet may be refused sound: then it rings silently. */
export function startRinging(ring: Ring): () => void {
  const context = new AudioContext();
  void context.resume().catch(() => undefined);
  play(context, ring);
  const timer = setInterval(() => play(context, ring), TUNES[ring].every * 1000);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
