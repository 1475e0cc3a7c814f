/** People: who is there, what one sets for oneself, and what admins do. Everything also at 390 px with touch. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { MailServer } from './mail.ts';
import { type Server, admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const desktop = { viewport: { width: 1280, height: 800 } };

/** One red pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64');

const openMenu = (page: Page) => page.getByRole('button', { name: /^(Menu|Меню)/ }).click();
const theme = (page: Page) => page.locator('html').getAttribute('data-theme');

async function openProfile(page: Page): Promise<void> {
  await openMenu(page);
  await page.getByRole('button', { name: /^(Profile|Профиль)$/ }).click();
  await expect(page.getByRole('heading', { name: /^(Profile|Профиль)$/ })).toBeVisible();
}

async function openAdmin(page: Page, section: string): Promise<void> {
  await openMenu(page);
  await page.getByRole('button', { name: 'Administration' }).click();
  await page.getByRole('link', { name: section }).click();
}

const row = (page: Page, name: string) => page.getByRole('list', { name: 'Staff' }).getByRole('listitem').filter({ hasText: name });

for (const [device, look] of [['desktop', desktop], ['phone', phone]] as const) {
  test.describe(device, () => {
    test('theme and language follow their user to another browser, and are there at the first paint', async ({ server, staffBrowser }) => {
      const here = await Staff.signIn(staffBrowser, server.url, anna, { ...look, colorScheme: 'light' });
      const there = await Staff.signIn(staffBrowser, server.url, anna, { ...look, colorScheme: 'light' });
      await openProfile(here.page);
      await here.page.getByText('Dark', { exact: true }).click();
      await here.page.getByText('Русский', { exact: true }).click();
      await expect(there.page.locator('html')).toHaveAttribute('data-theme', 'dark');
      await expect(there.page.getByRole('tab', { name: 'Чаты' })).toBeVisible();
      const later = await staffBrowser.newContext({ ...look, colorScheme: 'light', locale: 'en-GB' });
      const page = await later.newPage();
      await page.goto(server.url);
      await page.getByLabel('Login').fill(anna.login);
      await page.getByLabel('Password', { exact: true }).fill(anna.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await expect(page.getByRole('tab', { name: 'Чаты' })).toBeVisible();
      // Before any script of the page has run, and so before the server was asked.
      await page.route('**/assets/**', (route) => route.abort());
      await page.reload();
      expect(await theme(page)).toBe('dark');
    });

    test('a picture of oneself is seen by the others, and taken away again', async ({ server, staffBrowser }) => {
      const a = await Staff.signIn(staffBrowser, server.url, anna, look);
      const b = await Staff.signIn(staffBrowser, server.url, boris, look);
      await b.page.getByRole('tab', { name: 'People' }).click();
      const picture = b.page.getByRole('list', { name: 'People' }).locator('img');
      await openProfile(a.page);
      await a.page.getByLabel('Picture file').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: PNG });
      await expect(picture).toBeVisible();
      await expect.poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
      await a.page.getByRole('button', { name: 'Remove the picture' }).click();
      await expect(picture).toHaveCount(0);
      await expect(a.page.getByRole('button', { name: 'Upload a picture' })).toBeVisible();
      await a.page.getByLabel('Picture file').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
      await expect(a.page.getByRole('status').or(a.page.locator('[data-sonner-toast]')).filter({ hasText: /picture|image/i }).first()).toBeVisible();
    });

    test('another password signs the other devices out', async ({ server, staffBrowser }) => {
      const a = await Staff.signIn(staffBrowser, server.url, anna, look);
      const other = await Staff.signIn(staffBrowser, server.url, anna, look);
      await openProfile(a.page);
      const devices = a.page.getByRole('list', { name: 'Devices' }).getByRole('listitem');
      // The third is the one that the invitation began.
      await expect(devices).toHaveCount(3);
      await a.page.getByLabel('Current password').fill('not this one');
      await a.page.getByLabel('New password', { exact: true }).fill('a brand new secret');
      await a.page.getByLabel('New password again').fill('a brand new secret');
      await a.page.getByRole('button', { name: 'Change password' }).click();
      await expect(a.page.getByRole('alert')).toContainText('not the current password');
      await a.page.getByLabel('Current password').fill(anna.password);
      await a.page.getByRole('button', { name: 'Change password' }).click();
      await expect(other.page.getByRole('button', { name: 'Sign in' })).toBeVisible({ timeout: 5_000 });
      await expect(devices).toHaveCount(1);
      await a.page.reload();
      await expect(a.page.getByRole('heading', { name: 'Profile' })).toBeVisible();
    });

    test('people are found in any case, with е for ё, and in the wrong layout', async ({ server, staffBrowser }) => {
      await server.add({ name: 'Пётр Ёлкин', login: 'petr', password: 'petr keeps a secret' });
      const a = await Staff.signIn(staffBrowser, server.url, anna, look);
      await a.page.getByRole('tab', { name: 'People' }).click();
      const list = a.page.getByRole('list', { name: 'People' });
      for (const query of ['пётр', 'ПЕТР', 'елкин', 'Ёлк', 'gtnh', 'Tkrby']) {
        await a.page.getByRole('searchbox').fill(query);
        await expect(list.getByRole('listitem'), query).toHaveCount(1);
        await expect(list.getByText('Пётр Ёлкин')).toBeVisible();
      }
      for (const query of ['ищкшы', 'STONE', 'bor']) {
        await a.page.getByRole('searchbox').fill(query);
        await expect(list.getByText(boris.name), query).toBeVisible();
      }
      await a.page.getByRole('searchbox').fill('xyz');
      await expect(a.page.getByText('Nobody found')).toBeVisible();
    });

    test('the list says who is there, and a card says more', async ({ server, staffBrowser }) => {
      const a = await Staff.signIn(staffBrowser, server.url, anna, look);
      await a.page.getByRole('tab', { name: 'People' }).click();
      const line = a.page.getByRole('list', { name: 'People' }).getByRole('listitem').filter({ hasText: boris.name });
      await expect(line).toContainText('Manager');
      await expect(line).toContainText('offline');
      const b = await Staff.signIn(staffBrowser, server.url, boris, look);
      await expect(line).toContainText('online');
      // Away by inactivity: the page's own clock is moved.
      await b.page.evaluate(() => {
        Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      });
      await expect(line).toContainText('away');
      await line.getByRole('button', { name: 'About' }).click();
      const card = a.page.getByRole('dialog', { name: /^About/ });
      await expect(card.getByText('Manager')).toBeVisible();
      await expect(card.getByRole('link', { name: 'boris@example.org' })).toBeVisible();
      await expect(card.getByText('away')).toBeVisible();
      await b.close();
      await expect(card.getByText('last seen')).toBeVisible({ timeout: 20_000 });
      await card.getByRole('button', { name: 'Write' }).click();
      await expect(a.input).toBeVisible();
    });

    test('an admin renames, gives a role, and makes a new link', async ({ server, staffBrowser }) => {
      const c = await Staff.signIn(staffBrowser, server.url, admin, look);
      await openAdmin(c.page, 'People');
      await c.page.getByRole('searchbox', { name: 'Name, login or e-mail' }).fill('jhkjdf');
      await expect(c.page.getByRole('list', { name: 'Staff' }).getByRole('listitem')).toHaveCount(1);
      await c.page.getByRole('button', { name: `Change the name of ${anna.name}` }).click();
      await c.page.getByRole('dialog').getByLabel('Full name').fill('Анна Белова');
      await c.page.getByRole('button', { name: 'Save' }).click();
      await c.page.getByRole('searchbox', { name: 'Name, login or e-mail' }).fill('');
      await expect(row(c.page, 'Анна Белова')).toBeVisible();
      await c.page.getByLabel('Role of Анна Белова').selectOption('compliance');
      await c.page.getByRole('dialog').getByRole('button', { name: 'Give the role' }).click();
      await expect(c.page.getByLabel('Role of Анна Белова')).toHaveValue('compliance');
      await c.page.getByRole('button', { name: 'New link for Анна Белова' }).click();
      await expect(c.page.getByLabel('Invitation link')).toHaveValue(/\/invitation#/);
    });

    test('an invitation goes by e-mail, and its link is the one that works', async ({ server, staffBrowser }) => {
      const mails = await MailServer.start();
      const c = await Staff.signIn(staffBrowser, server.url, admin, look);
      await openAdmin(c.page, 'People');
      await c.page.getByRole('button', { name: `New link for ${anna.name}` }).click();
      const dialog = c.page.getByRole('dialog', { name: `Link for ${anna.name}` });
      const shown = await dialog.getByLabel('Invitation link').inputValue();
      const byMail = dialog.getByRole('button', { name: 'Send by e-mail' });
      // Without a mail server the link stays to be copied.
      await byMail.click();
      await expect(c.page.locator('[data-sonner-toast]').first()).toBeVisible();
      await expect(dialog).toBeVisible();
      await server.api('PUT', '/api/admin/mail', {
        settings: {
          server: { host: 'localhost', port: mails.port, encryption: 'none', user: null },
          sender: 'Staffline <chat@example.org>', delay_minutes: 5, include_text: true, language: 'en',
        },
      });
      await byMail.click();
      await expect(c.page.getByText('A new link was sent to anna@example.org.')).toBeVisible();
      await expect(dialog).toBeHidden();
      const { recipients, text } = await mails.mail();
      expect(recipients).toEqual(['anna@example.org']);
      const link = /http:\S+\/invitation#[\w-]+/.exec(text)?.[0] ?? '';
      expect(link).not.toBe(shown);
      const a = await (await staffBrowser.newContext({ ...look, locale: 'en-GB' })).newPage();
      await a.goto(shown);
      await expect(a.getByText('This link no longer works', { exact: true })).toBeVisible();
      await a.goto('about:blank');
      await a.goto(link);
      await a.getByLabel('Password', { exact: true }).fill('another secret of anna');
      await a.getByLabel('Password again').fill('another secret of anna');
      await a.getByRole('button', { name: 'Sign in' }).click();
      await expect(a.getByRole('tab', { name: 'Chats' })).toBeVisible();
      mails.stop();
    });

    test('who is deactivated is out within five seconds, and in again when let in', async ({ server, staffBrowser }) => {
      const a = await Staff.signIn(staffBrowser, server.url, anna, look);
      const c = await Staff.signIn(staffBrowser, server.url, admin, look);
      await openAdmin(c.page, 'People');
      await c.page.getByRole('button', { name: `Deactivate ${anna.name}` }).click();
      await c.page.getByRole('dialog').getByRole('button', { name: 'Deactivate' }).click();
      await expect(a.page.getByRole('button', { name: 'Sign in' })).toBeVisible({ timeout: 5_000 });
      await expect(row(c.page, anna.name)).toHaveCount(0);
      await c.page.getByRole('button', { name: 'Show deactivated (1)' }).click();
      await c.page.getByRole('button', { name: `Activate ${anna.name}` }).click();
      await expect(row(c.page, anna.name)).toContainText('Active');
      await a.page.getByLabel('Login').fill(anna.login);
      await a.page.getByLabel('Password', { exact: true }).fill(anna.password);
      await a.page.getByRole('button', { name: 'Sign in' }).click();
      await expect(a.page.getByRole('tab', { name: 'Chats' })).toBeVisible();
    });

    test('the audit log tells it, by person and by action, and can be taken away', async ({ server, staffBrowser }) => {
      await server.setPath('media_node');
      const c = await Staff.signIn(staffBrowser, server.url, admin, look);
      await openAdmin(c.page, 'Audit');
      const lines = c.page.getByRole('list', { name: 'Entries of the log' }).getByRole('listitem');
      await expect(lines.filter({ hasText: 'Path of all calls: Direct → Media node' })).toHaveCount(1);
      await expect(lines.filter({ hasText: `Added ${boris.name} (boris) as Manager` })).toHaveCount(1);
      await expect(c.page.getByRole('heading', { name: 'Today' })).toBeVisible();
      await c.page.getByLabel('What').selectOption('user_added');
      await expect(lines).toHaveCount(2);
      await c.page.getByLabel('Who').selectOption(anna.name);
      await expect(c.page.getByText('There are no such entries.')).toBeVisible();
      await c.page.getByLabel('Who').selectOption('');
      const [download] = await Promise.all([c.page.waitForEvent('download'), c.page.getByRole('link', { name: 'Download CSV' }).click()]);
      expect(download.suggestedFilename()).toBe('staffline-audit.csv');
    });

    test('an officer reads the log and manages nothing', async ({ server, staffBrowser }) => {
      const officer = { name: 'Olga Officer', login: 'olga', password: 'olga keeps a secret' };
      await server.add(officer, 'compliance');
      const o = await Staff.signIn(staffBrowser, server.url, officer, look);
      await openMenu(o.page);
      await o.page.getByRole('button', { name: 'Audit log' }).click();
      await expect(o.page.getByText(`Added ${boris.name}`)).toBeVisible();
      await expect(o.page.getByRole('link', { name: 'Calls' })).toHaveCount(0);
      await o.page.goto(`${server.url}/admin/users`);
      await expect(o.page.getByRole('button', { name: 'Add a person' })).toHaveCount(0);
    });

    test('limits of uploads are set', async ({ server, staffBrowser }) => {
      const c = await Staff.signIn(staffBrowser, server.url, admin, look);
      await openAdmin(c.page, 'Files');
      await c.page.getByLabel('One file at most, MB').fill('64');
      await c.page.getByRole('button', { name: 'Save' }).click();
      await expect.poll(() => limitOf(server)).toBe(64 * 1024 * 1024);
      await c.page.getByRole('link', { name: 'Audit' }).click();
      await expect(c.page.getByText('Upload limits: 64')).toBeVisible();
    });
  });
}

const limitOf = async (server: Server): Promise<number> =>
  (await server.api<{ max_file_bytes: number }>('GET', '/api/admin/uploads')).max_file_bytes;
