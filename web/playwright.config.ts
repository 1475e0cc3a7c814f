/** Playwright on the real server and Debian's Chromium, one test at a time: calls need the machine's two cores. */
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: './e2e',
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
