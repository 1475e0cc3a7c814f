/** Through every screen of a call, for the pictures and for axe. */
import type { Page } from '@playwright/test';
import { expect } from './fixtures.ts';
import { Lists, isPhone } from './lists.ts';
import { recordAll } from './recorded.ts';
import { admin } from './server.ts';
import { Staff } from './staff.ts';
import type { Tour } from './tour.ts';

async function picture(page: Page): Promise<void> {
  await page.waitForFunction(() => [...document.querySelectorAll('video')].some((video) => video.videoWidth > 0));
}

/** The bar over a picture hides while nothing moves. */
async function stir(page: Page): Promise<void> {
  await page.mouse.move(200 + Math.random() * 40, 400);
}

export async function calls(to: Tour, a: Staff, b: Staff): Promise<void> {
  await video(to, a, b);
  await audio(to, a, b);
  await history(to, a);
}

/** A recorded one: it has all that another has, and more. */
async function video(to: Tour, a: Staff, b: Staff): Promise<void> {
  const { look, server } = to;
  await recordAll(server, { twoOfficers: true });
  await a.call('Call with video');
  await expect(b.ringing).toBeVisible();
  await look(a.page, 'calling-recorded');
  await a.page.getByRole('button', { name: 'Agree and continue' }).click();
  await look(a.page, 'calling');
  await b.ringing.getByRole('button', { name: 'Agree and answer' }).click();
  await a.connected();
  await picture(a.page);
  await expect(a.inCall.getByRole('timer')).toHaveText(/[1-9]/);
  await stir(a.page);
  await look(a.page, 'call-video');
  await a.pathBadge.click();
  await look(a.page, 'call-path');
  await a.page.keyboard.press('Escape');
  await a.press('More');
  await look(a.page, 'call-more');
  await a.page.getByRole('menuitem', { name: 'Details of the call' }).click();
  await look(a.page, 'call-details');
  await a.inCall.getByRole('region', { name: 'Details of the call' }).getByRole('button', { name: 'Close' }).click();
  await a.pressOrChoose('Sound and video');
  await expect(a.devices.getByText('You can be heard.')).toBeVisible();
  await look(a.page, 'devices-in-call');
  await a.page.keyboard.press('Escape');
  await b.press('Share your screen');
  await expect(a.inCall.getByLabel(/^Screen of/)).toBeVisible();
  await look(b.page, 'call-sharing');
  await stir(a.page);
  await look(a.page, 'call-screen');
  await b.press('Stop sharing');
  await a.press('Chat beside the call');
  await expect(a.input).toBeVisible();
  await look(a.page, isPhone(a.page) ? 'call-bar' : 'call-beside');
  if (isPhone(a.page)) {
    await a.page.getByRole('button', { name: 'Back to the call' }).click();
    await stir(a.page);
  } else {
    await a.inCall.getByRole('button', { name: 'Minimise the call' }).click();
    await look(a.page, 'call-card');
    await a.page.getByRole('button', { name: 'Back to the call' }).click();
  }
  await a.hangUp();
  await expect(a.messages.getByText('Outgoing video call')).toBeVisible();
  await recordAll(server, { all: false });
}

async function audio({ look, server, browser }: Tour, a: Staff, b: Staff): Promise<void> {
  await b.call('Call');
  await expect(a.ringing).toBeVisible();
  await look(a.page, 'ringing');
  await a.accept();
  await a.connected();
  await look(a.page, 'call-audio');
  const c = await Staff.signIn(browser, server.url, admin);
  await c.openChat('Анна');
  await c.call('Call');
  await expect(a.waiting).toBeVisible();
  await look(a.page, 'call-waiting');
  await a.waiting.getByRole('button', { name: 'Hold and answer' }).click();
  await expect(a.inCall).toContainText(admin.name);
  await a.connected();
  await look(a.page, 'call-held');
  await a.hangUpOne();
  await expect(a.inCall.getByRole('button', { name: 'Resume the call' }).first()).toBeVisible();
  await look(a.page, 'call-on-hold');
  await c.close();
  await b.hangUp();
  await expect(a.inCall).toBeHidden();
  await recordAll(server, { twoOfficers: true });
  await b.call('Call');
  // A call that is cancelled before it rang was none.
  await expect(a.ringing.getByText('This call will be recorded')).toBeVisible();
  await look(a.page, 'ringing-recorded');
  await b.page.getByRole('button', { name: 'Leave' }).click();
  await expect(a.messages.getByText('Missed call')).toBeVisible();
  await look(a.page, 'chat-after-calls');
}

async function history({ look }: Tour, a: Staff): Promise<void> {
  const left = new Lists(a);
  await left.back();
  await left.tab('Chats');
  await look(a.page, 'chats-after-calls');
  await a.page.getByRole('tab', { name: /^Calls/ }).click();
  await expect(a.page.getByRole('list', { name: /^Calls: / }).first()).toBeVisible();
  await look(a.page, 'calls');
  await a.page.getByRole('button', { name: /^Menu/ }).click();
  await a.page.getByRole('button', { name: 'Sound and video' }).click();
  await a.devices.getByRole('button', { name: 'Check the camera' }).click();
  await picture(a.page);
  await look(a.page, 'devices');
  await a.page.keyboard.press('Escape');
  await left.tab('Chats');
}
