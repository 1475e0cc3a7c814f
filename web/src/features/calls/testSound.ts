/** Three rising notes as a WAV file, made here: an element can be sent into a chosen speaker, and nothing is loaded. */
const RATE = 16_000;
const NOTES = [523.3, 659.3, 784] as const;
const NOTE_S = 0.35;

function sampleAt(index: number): number {
  const note = Math.min(NOTES.length - 1, Math.floor(index / RATE / NOTE_S));
  const into = index / RATE - note * NOTE_S;
  // Rises in 20 ms and fades, or each note would begin and end with a click.
  const loudness = Math.min(1, into / 0.02) * Math.exp(-5 * into);
  return Math.sin(2 * Math.PI * (NOTES[note] ?? 0) * into) * loudness * 0.4;
}

export function testSound(): Blob {
  const count = Math.round(RATE * NOTE_S * (NOTES.length + 1));
  const bytes = new DataView(new ArrayBuffer(44 + count * 2));
  const text = (at: number, words: string): void => [...words].forEach((letter, i) => bytes.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + count * 2, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  // Uncompressed, one channel, 16 bits.
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, RATE, true);
  bytes.setUint32(28, RATE * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, "data");
  bytes.setUint32(40, count * 2, true);
  for (let i = 0; i < count; i += 1) bytes.setInt16(44 + i * 2, Math.round(sampleAt(i) * 0x7fff), true);
  return new Blob([bytes], { type: "audio/wav" });
}
