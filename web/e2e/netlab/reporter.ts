/** Gathers what the tests of `make netlab` attached: a table at the end, and target/figures/netlab.json. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter';
import type { Cell } from './cell.ts';
import type { Move } from './move.ts';
import { CELLS, MOVES } from './row.ts';

const out = fileURLToPath(new URL('../../../target/figures/netlab.json', import.meta.url));

export default class NetlabReporter implements Reporter {
  private readonly cells: Cell[] = [];
  private readonly moves: Move[] = [];
  private readonly doctors: string[] = [];

  onBegin(): void {
    // Figures of an earlier day must not be taken for those of a run that failed.
    rmSync(out, { force: true });
  }

  onTestEnd(_test: TestCase, result: TestResult): void {
    for (const { name, body } of result.attachments) {
      if (body === undefined) continue;
      if (name === CELLS) this.take(JSON.parse(body.toString()) as Cell[]);
      if (name.startsWith('doctor in')) this.doctors.push(`${name}:\n${body.toString().trim()}\n`);
      if (name === MOVES) this.moves.push(...(JSON.parse(body.toString()) as Move[]));
    }
  }

  private take(cells: Cell[]): void {
    this.cells.push(...cells);
    console.log(cells.map(cellRow).join('\n'));
  }

  onEnd(): void {
    mkdirSync(path.dirname(out), { recursive: true });
    const cells = this.cells.map((cell) => ({ ...cell, transport: transportText(cell) }));
    writeFileSync(out, `${JSON.stringify({ cells, moves: this.moves }, null, 1)}\n`);
    const lines = [row(['caller / callee', 'policy', 'path', 'caller by', 'callee by', 'ms to media', 'to node', 'to TURN', '']), ...this.cells.map(cellRow), '',
      ...medians(this.cells), '', ...this.moves.map(moveRow), '', ...this.doctors, `${this.cells.length} cells and ${this.moves.length} moves in ${path.relative(process.cwd(), out)}`];
    console.log(`\n${lines.join('\n')}`);
  }

  printsToStdio(): boolean {
    return true;
  }
}

const widths = [24, 11, 11, 12, 12, 12, 10, 10, 0];

function row(words: string[]): string {
  return words.map((word, i) => word.padEnd(widths[i] ?? 0)).join('').trimEnd();
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}

/** Of all cells of a policy, by the path that they took: how soon media was there. */
function medians(cells: Cell[]): string[] {
  const kinds = [...new Set(cells.filter(({ connected }) => connected).map(({ policy, path: taken }) => `${policy} (${taken})`))];
  return kinds.map((kind) => {
    const times = cells.filter(({ policy, path: taken }) => `${policy} (${taken})` === kind).flatMap(({ ms_to_media }) => ms_to_media ?? []);
    const median = times.sort((one, other) => one - other)[Math.floor(times.length / 2)];
    return `${kind}: media after ${median} ms (median of ${times.length} cells)`;
  });
}

/** One word where both ends are alike. */
function transportText({ transport }: Cell): string | null {
  return transport === null ? null : [...new Set(transport)].join(' + ');
}

function cellRow({ a, b, policy, connected, path: taken, transport, ms_to_media, media_bytes, turn_bytes, faults }: Cell): string {
  const [one, other] = transport ?? ['', ''];
  return row([`${a} / ${b}`, policy, connected ? (taken ?? '?') : 'no way', one, other, String(ms_to_media ?? ''), kilobytes(media_bytes), kilobytes(turn_bytes),
    faults.length === 0 ? '' : `WRONG: ${faults.join('; ')}`]);
}

function moveRow({ from, to, gap_ms, faults }: Move): string {
  return `${from} -> ${to}: nothing new for ${gap_ms} ms${faults.length === 0 ? '' : `  WRONG: ${faults.join('; ')}`}`;
}
