/** The sign of a recording is never covered: wherever the call stands, whatever opens over it. Asked of the browser, at the sign itself. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { recordAll } from './recorded.ts';
import { admin, boris } from './server.ts';
import { Staff } from './staff.ts';

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 }, lying: { width: 844, height: 390 } };

/** Whether some sign is wholly on the screen, and nothing above it. */
const seen = (page: Page): Promise<boolean> =>
  page.evaluate(() =>
    [...document.querySelectorAll('[data-sign]')].some((sign) => {
      const { left, right, top, bottom } = sign.getBoundingClientRect();
      if (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight || right - left < 8) return false;
      const inside = [0.1, 0.5, 0.9].map((part) => document.elementFromPoint(left + (right - left) * part, (top + bottom) / 2));
      return getComputedStyle(sign).opacity !== '0' && inside.every((hit) => sign.contains(hit));
    }),
  );

test.setTimeout(240_000);

test('the red sign is never covered', async ({ server, staffBrowser, two: { a, b } }) => {
  await recordAll(server);
  const { page } = a;
  const look = (where: string) => expect.poll(() => seen(page), where).toBe(true);
  await a.openChat(boris.name);
  await a.call('Call with video');
  await b.ringing.getByRole('button', { name: 'Agree and answer' }).click();
  await page.getByRole('button', { name: 'Agree and continue' }).click();
  await a.connected();
  await expect(a.inCall.getByRole('button', { name: 'Recording', exact: true })).toBeVisible();
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    await look(`${size}: full`);
    await overFull(a, (what) => look(`${size}: ${what}`));
    await small(a, (what) => look(`${size}: ${what}`));
  }
  await page.setViewportSize(SIZES.phone);
  const c = await Staff.signIn(staffBrowser, server.url, admin);
  await c.openChat('Анна');
  await c.call('Call');
  await c.page.getByRole('button', { name: 'Agree and continue' }).click();
  await expect(a.waiting).toBeVisible();
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    await look(`${size}: a second call rings`);
  }
  await a.waiting.getByRole('button', { name: 'Hold and answer' }).click();
  await expect(a.inCall).toContainText(admin.name);
  await look('lying: one call on hold');
  await a.inCall.getByRole('button', { name: 'Minimise the call' }).click();
  await look('lying: one call on hold, small');
  await c.close();
});

async function overFull(a: Staff, look: (what: string) => Promise<void>): Promise<void> {
  const { page } = a;
  await expect(a.pathBadge).toBeVisible();
  await a.awake(() => a.pathBadge.click());
  await look('what a badge says');
  await page.keyboard.press('Escape');
  await a.press('More');
  await look('menu');
  await page.getByRole('menuitem', { name: 'Picture in picture' }).click();
  // The one of the size before may be on its way out.
  await expect(page.getByText('No picture in picture while the call is recorded').last()).toBeVisible();
  await look('a note');
  await a.pressOrChoose('Details of the call');
  await look('details');
  await a.inCall.getByRole('region', { name: 'Details of the call' }).getByRole('button', { name: 'Close' }).click();
  await a.pressOrChoose('Sound and video');
  await expect(a.devices).toBeVisible();
  await look('sound and video');
  await page.keyboard.press('Escape');
  await expect(a.devices).toBeHidden();
}

/** Beside the chat where there is room, and small: as a card, or on a phone as a bar. */
async function small(a: Staff, look: (what: string) => Promise<void>): Promise<void> {
  const { page } = a;
  await a.openChatBeside();
  await look('chat beside it');
  const minimise = a.inCall.getByRole('button', { name: 'Minimise the call' });
  if (await minimise.isVisible()) {
    await minimise.click();
    await look('card');
  }
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Quick switcher' })).toBeVisible();
  await look('a dialog over the small call');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Back to the call' }).click();
}
