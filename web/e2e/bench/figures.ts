/** A file of figures that several measurements write into, each its own. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../target/figures', import.meta.url));

export function addFigures(name: string, figures: Record<string, unknown>): void {
  const file = path.join(folder, name);
  mkdirSync(folder, { recursive: true });
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
  writeFileSync(file, `${JSON.stringify({ ...before, ...figures }, null, 2)}\n`);
}

export function median(values: number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** The largest, whichever way it is off. */
export const farthest = (values: number[]): number => Math.max(...values.map(Math.abs));

/** 95 of 100 are not farther off. */
export function within95(values: number[]): number {
  const sorted = values.map(Math.abs).sort((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? NaN;
}
