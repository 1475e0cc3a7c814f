/**
 * Playwright on the real server and Debian's Chromium, one test at a time: two calls at once need all of two cores, and now and then one comes too
 * late. What only looks at pages is a project of its own, which may run two at a time (`make test-pages` does so).
 * No traces: they took a quarter of the processor's time. `--trace retain-on-failure` makes them for the test that one looks into.
 */
import { type PlaywrightTestConfig, defineConfig } from '@playwright/test';
import { skipped } from '../tests/netlab/lab.mjs';

// Left out only where somebody asks for it; a machine that cannot make a lab fails these tests.
const leftOut = skipped() ? [/netlab\w*\.spec/] : [];
if (leftOut.length > 0) process.stderr.write('STAFFLINE_SKIP names netlab: the tests in offices behind NATs are LEFT OUT\n');

const pages = /(access|archive|attachments|chat|composer|groups|messages|notices|origin|people|search|voice)\.spec/;

/** What holds for every run of browsers. */
export const rules = {
  testDir: './e2e',
  outputDir: '../target/e2e',
  fullyParallel: false,
  workers: 1,
  retries: 0,
  // Longer than anything takes that does come, also where others need the machine.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  reporter: [['list']],
  use: { contextOptions: { reducedMotion: 'reduce' }, actionTimeout: 30_000, locale: 'en-GB' },
} satisfies PlaywrightTestConfig;

export default defineConfig({
  ...rules,
  projects: [{ name: 'pages', testMatch: pages }, { name: 'calls', testIgnore: [pages, ...leftOut] }],
});
