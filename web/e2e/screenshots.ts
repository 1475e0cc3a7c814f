/** Pictures of every screen, into `target/screenshots/`. Those of the README are copied to `docs/screenshots/` by hand. */
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { type Person, admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const folder = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const desktop = { viewport: { width: 1280, height: 800 } };

test.setTimeout(240_000);

const others: Person[] = ['Вера Соколова', 'Gleb Novak', 'Дарья Ким', 'Егор Лавров', 'Жанна Белова'].map((name, i) => ({
  name, login: `person${String(i)}`, password: 'a long enough password',
}));

for (const [device, options] of [['phone', phone], ['desktop', desktop]] as const) {
  for (const scheme of ['light', 'dark'] as const) {
    test(`${device} ${scheme}`, async ({ server, staffBrowser }) => {
      const take = (page: Page, name: string) => page.screenshot({ path: `${folder}${device}-${scheme}-${name}.png` });
      const look = { ...options, colorScheme: scheme, locale: scheme === 'light' ? 'ru-RU' : 'en-GB' };
      for (const [i, person] of others.entries()) await server.add(person, ['employee', 'manager', 'compliance'][i % 3]);

      const guest = await staffBrowser.newContext(look);
      const front = await guest.newPage();
      await front.goto(server.url);
      await expect(front.getByRole('button').first()).toBeVisible();
      await take(front, 'sign-in');
      await front.goto(`${server.url}/invitation#wrong`);
      await expect(front.getByRole('heading').first()).toBeVisible();
      await take(front, 'invitation-dead');
      await guest.close();

      const b = await Staff.signIn(staffBrowser, server.url, boris);
      const a = await Staff.signIn(staffBrowser, server.url, anna, { ...options, colorScheme: scheme, locale: 'en-GB' });
      await take(a.page, 'chats-empty');
      await a.page.getByRole('tab', { name: 'People' }).click();
      await expect(a.page.getByRole('list', { name: 'People' })).toBeVisible();
      await take(a.page, 'people');
      await a.openChat(boris.name);
      await take(a.page, 'chat-empty');
      await b.openChat(anna.name);
      await a.write('Доброе утро! Клиент из Казани просит перенести встречу на 15:00.');
      await a.write('Договор здесь: https://crm.example.com/deals/4821');
      await expect(b.messages.getByText('Договор здесь')).toBeVisible();
      await b.write('Fine with me. I will bring the signed copies, and the list of questions that we collected last week:\n1. delivery\n2. price\n3. support');
      await b.write('👍🎉');
      await expect(a.messages.getByText('👍🎉')).toBeVisible();
      await a.write('Отлично, спасибо');
      await expect(b.messages.getByText('Отлично')).toBeVisible();
      await take(a.page, 'chat');

      await a.call('Call with video');
      await expect(b.ringing).toBeVisible();
      await take(a.page, 'calling');
      await b.accept();
      await a.page.waitForFunction(() => window.stafflineCall?.()?.connectionState === 'connected');
      await expect(a.inCall.getByLabel(/^Video of/)).toBeVisible();
      await a.page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
      await a.page.mouse.move(200, 400);
      await expect(a.inCall.getByRole('timer')).toHaveText(/0:0[2-9]/);
      await a.page.mouse.move(220, 420);
      await take(a.page, 'call-video');
      await a.pathBadge.click();
      await take(a.page, 'call-path');
      await a.page.keyboard.press('Escape');
      await a.hangUp();
      await expect(a.messages.getByText('Outgoing video call')).toBeVisible();
      await b.call('Call');
      await expect(a.ringing).toBeVisible();
      await take(a.page, 'ringing');
      await a.accept();
      await expect(a.inCall).toBeVisible();
      await a.page.waitForFunction(() => window.stafflineCall?.()?.connectionState === 'connected');
      await take(a.page, 'call-audio');
      await b.hangUp();
      await expect(a.inCall).toBeHidden();
      await take(a.page, 'chat-after-calls');
      await a.close();
      await b.close();

      const c = await Staff.signIn(staffBrowser, server.url, admin, { ...options, colorScheme: scheme, locale: 'en-GB' });
      await c.page.getByRole('button', { name: /^Menu/ }).click();
      await take(c.page, 'menu');
      await c.page.getByRole('button', { name: 'Administration' }).click();
      await expect(c.page.getByRole('button', { name: 'Add a person' })).toBeVisible();
      await c.page.waitForLoadState('networkidle');
      await c.page.screenshot({ path: `${folder}${device}-${scheme}-admin.png`, fullPage: true });
      await c.close();
    });
  }
}
