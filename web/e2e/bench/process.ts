/** What the server's process holds, as the kernel counts it. */
import { readFileSync, readdirSync } from 'node:fs';

export interface Held {
  rss: number;
  files: number;
  threads: number;
}

export function held(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { rss: field('VmRSS') * 1024, files: readdirSync(`/proc/${pid}/fd`).length, threads: field('Threads') };
}
