/** Playwright on the real server and Debian's Chromium, one test at a time: calls need the machine's two cores. */
import { defineConfig } from '@playwright/test';
import { skipped } from '../tests/netlab/lab.mjs';

// Left out only where somebody asks for it; a machine that cannot make a lab fails these tests.
const leftOut = skipped() ? [/netlab\w*\.spec/] : [];
if (leftOut.length > 0) process.stderr.write('STAFFLINE_SKIP names netlab: the tests in offices behind NATs are LEFT OUT\n');


export default defineConfig({
  testDir: './e2e',
  testIgnore: leftOut,
  outputDir: '../target/e2e',
  fullyParallel: false,
  workers: 1,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: '../target/e2e-report.json' }]],
  use: { contextOptions: { reducedMotion: 'reduce' }, trace: 'retain-on-failure', actionTimeout: 15_000, locale: 'en-GB' },
});
