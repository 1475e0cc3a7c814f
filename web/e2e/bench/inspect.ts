/** What players and inspectors have to say against the files of a recording. */
import { spawnSync } from 'node:child_process';

function said(program: string, args: string[]): { out: string; errors: string } {
  const { stdout, stderr, error, status } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  if (error) throw error;
  return { out: stdout, errors: status === 0 ? stderr : `${stderr}\nended with ${String(status)}` };
}

/** The length of a file in ms, as its own header says. */
export function lengthOf(file: string): number {
  return Number(said('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file]).out) * 1000;
}

/** Every complaint of ffprobe, ffmpeg, mkvinfo and opusinfo about a WebM or Ogg file; none, if all is well. */
export function complaints(file: string): string[] {
  const all = (words: string): string[] => words.split('\n').filter((line) => line.trim() !== '').map((line) => `${file}: ${line}`);
  const players = [
    ...all(said('ffprobe', ['-v', 'warning', '-count_packets', '-show_streams', file]).errors),
    ...all(said('ffmpeg', ['-v', 'warning', '-i', file, '-enc_time_base', '-1', '-f', 'null', '-']).errors),
  ];
  if (file.endsWith('.ogg')) return [...players, ...all(said('opusinfo', [file]).out).filter((line) => /warning|error/i.test(line))];
  const { out, errors } = said('mkvinfo', ['-v', '-v', file]);
  const lacking = ['Seek head', 'Duration', 'Tracks', 'Cluster', 'Cues'].filter((part) => !out.includes(part)).map((part) => `${file}: no ${part}`);
  return [...players, ...all(errors), ...lacking, ...all(out).filter((line) => /unknown|error|warning|damaged/i.test(line))];
}
