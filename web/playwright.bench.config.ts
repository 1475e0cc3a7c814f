/** `make bench-calls`: what a call costs and how soon it is there, measured in real browsers. Not a test: it asserts only that it could measure. */
import { defineConfig } from '@playwright/test';
import { rules } from './playwright.config.ts';

export default defineConfig({
  ...rules,
  testDir: './e2e/bench',
  testMatch: /\.bench\.ts$/,
  reporter: 'list',
  outputDir: '../target/e2e-bench',
  timeout: 19 * 60_000,
  use: { ...rules.use, trace: 'off' },
});
