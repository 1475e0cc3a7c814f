/** `make netlab`: the whole matrix of networks and policies, and calls that move. The tests of `npm run e2e` have a part of it. */
import { defineConfig } from '@playwright/test';
import { rules } from './playwright.config.ts';

export default defineConfig({
  ...rules,
  testDir: './e2e/netlab',
  testMatch: /\.lab\.ts$/,
  reporter: [['list'], ['./e2e/netlab/reporter.ts']],
  outputDir: '../target/e2e-netlab',
});
