/** Opens a conversation in Chromium with an empty cache, some times over, and prints how long that took and what it loaded. */
import { chromium } from '@playwright/test';

const [origin, conversation] = process.argv.slice(2);
const TIMES = 7;

async function open(browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  await context.addCookies([{ name: 'session_token', value: process.env.SESSION_TOKEN, url: origin }]);
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  const loaded = new Map();
  await devtools.send('Network.enable');
  devtools.on('Network.responseReceived', ({ requestId, response }) => {
    if (!new URL(response.url).pathname.startsWith('/api/')) loaded.set(requestId, 0);
  });
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (loaded.has(requestId)) loaded.set(requestId, encodedDataLength);
  });
  await page.addInitScript(() => {
    const look = () => {
      // The log's last text is on the screen: the next frame shows it.
      if (document.querySelector('[data-message]') !== null) requestAnimationFrame(() => { window.shownAt = performance.now(); });
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.goto(`${origin}/chat/${conversation}`);
  const shownAt = await (await page.waitForFunction(() => window.shownAt)).jsonValue();
  await context.close();
  return { shownAt, bytes: [...loaded.values()].reduce((sum, size) => sum + size, 0) };
}

const browser = await chromium.launch({ executablePath: process.env.STAFFLINE_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const runs = [];
for (let i = 0; i < TIMES; i += 1) runs.push(await open(browser));
await browser.close();
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
console.log(JSON.stringify({
  first_paint_ms: Math.round(median(runs.map(({ shownAt }) => shownAt))),
  first_load_gzip_bytes: median(runs.map(({ bytes }) => bytes)),
}));
