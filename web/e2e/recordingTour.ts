/** The part of the tour through what officers see, of the call that was recorded on the way. */
import type { Page } from '@playwright/test';
import { expect } from './fixtures.ts';
import type { Person } from './server.ts';
import { Staff } from './staff.ts';
import type { Tour } from './tour.ts';

export async function recordings({ server, browser, options, look }: Tour, officer: Person): Promise<void> {
  const { page, close } = await enter(browser, server.url, officer, options);
  await page.goto(`${server.url}/recordings`);
  await expect(page.getByRole('list', { name: 'Recordings', exact: true }).getByRole('link')).toHaveCount(1);
  await look(page, 'recordings');
  await page.getByRole('list', { name: 'Recordings', exact: true }).getByRole('link').click();
  await expect(page.getByText('in the call', { exact: true })).toBeVisible();
  await play(page);
  await look(page, 'recording');
  await page.getByRole('button', { name: 'Verify' }).click();
  await expect(page.getByText('The recording is intact')).toBeVisible();
  await page.getByRole('button', { name: 'Place a hold' }).click();
  await page.getByLabel('Reason').fill('Request № 17');
  await look(page, 'recording-hold');
  await page.getByRole('dialog').getByRole('button', { name: 'Place a hold' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByLabel('What for').fill('Request № 17');
  await look(page, 'recording-export');
  await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.getByRole('heading', { name: 'Consents' }).scrollIntoViewIfNeeded();
  await look(page, 'recording-facts');
  for (const [list, words] of [['exports', 'Waits for a second officer'], ['failures', 'All that had to be recorded was recorded'], ['policy', 'All calls']] as const) {
    await page.goto(`${server.url}/recordings/${list}`);
    await expect(page.getByText(words).first()).toBeVisible();
    await look(page, `recordings-${list}`);
  }
  await close();
}

async function enter(...signIn: Parameters<typeof Staff.signIn>): Promise<{ page: Page; close(): Promise<void> }> {
  const staff = await Staff.signIn(...signIn);
  return { page: staff.page, close: () => staff.close() };
}

/** Far enough that the pictures are seen. */
async function play(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await page.waitForFunction(() => [...document.querySelectorAll('video')].some((video) => video.currentTime > 1));
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
}
