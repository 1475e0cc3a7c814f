/**
 * Measured in real browsers: `make bench-calls`, what a call costs and how soon it is there (it asserts only that it could measure), and
 * `make bench-recording`, what a recording is worth.
 */
import { defineConfig } from '@playwright/test';
import { rules } from './playwright.config.ts';

// As fast as Chromium's cameras are by themselves.
process.env.STAFFLINE_CAMERA_FPS ??= '20';

export default defineConfig({
  ...rules,
  testDir: './e2e/bench',
  testMatch: /\.bench\.ts$/,
  reporter: 'list',
  outputDir: '../target/e2e-bench',
  timeout: 19 * 60_000,
});
