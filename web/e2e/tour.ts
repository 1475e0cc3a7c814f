/** Through every screen, with something on each: what the pictures show, and what is checked for access. */
import type { Browser, BrowserContextOptions, Page } from '@playwright/test';
import { administration } from './adminTour.ts';
import { calls } from './callTour.ts';
import { png } from './files.ts';
import { expect } from './fixtures.ts';
import { Lists } from './lists.ts';
import { type Person, type Server, anna, boris } from './server.ts';
import { recordings } from './recordingTour.ts';
import { Staff } from './staff.ts';

export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
export const desktop = { viewport: { width: 1280, height: 800 } };

/** Looks at a screen that stands still. */
export type Look = (page: Page, name: string) => Promise<unknown>;

const others: Person[] = ['Вера Соколова', 'Gleb Novak', 'Дарья Ким', 'Егор Лавров', 'Жанна Белова'].map((name, i) => ({
  name, login: `person${String(i)}`, password: 'a long enough password',
}));

export interface Tour {
  server: Server;
  browser: Browser;
  options: BrowserContextOptions;
  look: Look;
}

export async function tour(to: Tour): Promise<void> {
  for (const [i, person] of others.entries()) await to.server.add(person, ['employee', 'manager', 'compliance'][i % 3]);
  await front(to);
  const b = await Staff.signIn(to.browser, to.server.url, boris);
  const a = await Staff.signIn(to.browser, to.server.url, anna, to.options);
  await lists(to, a);
  await chat(to, a, b);
  await finding(to, a);
  await group(to, a);
  await calls(to, a, b);
  await profile(to, a);
  await check(to, a);
  await a.close();
  await b.close();
  await recordings(to, others[2] as Person);
  await administration(to);
}

async function front({ server, browser, options, look }: Tour): Promise<void> {
  const guest = await browser.newContext(options);
  const page = await guest.newPage();
  await page.goto(server.url);
  await expect(page.getByRole('button').first()).toBeVisible();
  await look(page, 'sign-in');
  await page.goto(`${server.url}/invitation#wrong`);
  await expect(page.getByRole('heading').first()).toBeVisible();
  await look(page, 'invitation-dead');
  await guest.close();
}

async function lists({ look }: Tour, a: Staff): Promise<void> {
  await look(a.page, 'chats-empty');
  await a.page.getByRole('tab', { name: 'People' }).click();
  await expect(a.page.getByRole('list', { name: 'People' })).toBeVisible();
  await look(a.page, 'people');
}

async function chat({ look }: Tour, a: Staff, b: Staff): Promise<void> {
  await a.openChat(boris.name);
  await look(a.page, 'chat-empty');
  await b.openChat(anna.name);
  await a.write('Доброе утро! Клиент из Казани просит перенести встречу на 15:00.');
  await a.write('Договор здесь: https://crm.example.com/deals/4821');
  await expect(b.messages.getByText('Договор здесь')).toBeVisible();
  await b.write('Fine with me. I will bring the signed copies, and the list of questions that we collected last week:\n1. delivery\n2. price\n3. support');
  await b.write('👍🎉');
  await expect(a.messages.getByText('👍🎉')).toBeVisible();
  await a.write('Отлично, спасибо');
  const files = [
    png('plan.png', 900, 600), png('front.png', 600, 800, [210, 90, 60]), png('yard.png', 800, 800, [40, 140, 90]),
    { name: 'Договор № 4821.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7\n%%EOF\n') },
  ];
  await a.page.locator('form input[type=file][multiple]').setInputFiles(files);
  await expect(a.page.getByRole('list', { name: 'Files to send' }).getByRole('listitem')).toHaveCount(4);
  await look(a.page, 'files-to-send');
  await a.write('Фото с объекта и договор');
  await expect(b.messages.getByText('Фото с объекта')).toBeVisible();
  await a.page.getByRole('button', { name: 'Record a voice message' }).click();
  const recording = a.page.getByRole('group', { name: 'Recording a voice message' });
  await expect(recording.getByRole('timer')).toHaveText(/[1-9]/);
  await look(a.page, 'voice-recording');
  await a.page.getByRole('button', { name: 'Stop and send' }).click();
  await expect(b.messages.getByRole('group', { name: 'Voice message', exact: true })).toBeVisible();
  await expect(a.messages.getByRole('img', { name: 'Sending' })).toHaveCount(0);
  await b.write('Спасибо, посмотрю');
  await expect(a.messages.getByText('Спасибо, посмотрю')).toBeVisible();
  await look(a.page, 'chat');
  await openMenu(a, 'Спасибо, посмотрю');
  await look(a.page, 'message-menu');
  await a.page.getByRole('menuitem', { name: 'Reply' }).click();
  await a.input.fill('Жду');
  await look(a.page, 'reply');
  await a.page.getByRole('button', { name: 'Send', exact: true }).click();
  await a.page.getByRole('button', { name: 'Emoji', exact: true }).click();
  await expect(a.page.getByRole('dialog', { name: 'Emoji', exact: true }).getByRole('gridcell').first()).toBeVisible();
  await look(a.page, 'emoji');
  await a.page.keyboard.press('Escape');
  await new Lists(a).openDetails();
  await look(a.page, 'details-person');
  await new Lists(a).closeDetails();
}

async function openMenu(staff: Staff, text: string): Promise<void> {
  const row = staff.messages.locator('[data-message]').filter({ hasText: text });
  await row.locator('[data-bubble]').click({ button: 'right' });
  await expect(staff.page.getByRole('menu')).toBeVisible();
}

async function finding({ look }: Tour, a: Staff): Promise<void> {
  const left = new Lists(a);
  await left.back();
  await left.tab('Chats');
  await look(a.page, 'chats');
  await left.search.fill('договор');
  await expect(left.hits.first()).toBeVisible();
  await look(a.page, 'search');
  await left.search.fill('');
  await a.page.keyboard.press('Control+k');
  await expect(a.page.getByRole('dialog', { name: 'Quick switcher' })).toBeVisible();
  await look(a.page, 'switcher');
  await a.page.keyboard.press('Escape');
}

async function group({ look }: Tour, a: Staff): Promise<void> {
  const left = new Lists(a);
  await left.createGroup('Отдел продаж', ['Вера Соколова', 'Gleb Novak', 'Дарья Ким']);
  await a.write('Коллеги, планёрка в 10:00 @all');
  await look(a.page, 'group');
  await left.openDetails();
  await look(a.page, 'details-group');
  await left.closeDetails();
  await left.back();
  await a.openChat(boris.name);
}

async function profile({ look }: Tour, a: Staff): Promise<void> {
  await a.page.getByRole('button', { name: /^Menu/ }).click();
  await look(a.page, 'menu');
  await a.page.getByRole('button', { name: 'Profile' }).click();
  await expect(a.page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  await look(a.page, 'profile');
}

async function check({ look }: Tour, a: Staff): Promise<void> {
  await a.page.getByRole('button', { name: 'Check my connection' }).click();
  await expect(a.page.getByRole('button', { name: 'Start the check' })).toBeVisible();
  await look(a.page, 'check');
  await a.page.getByRole('button', { name: 'Start the check' }).click();
  await a.page.waitForFunction(() => [...document.querySelectorAll('video')].some((video) => video.videoWidth > 0));
  await look(a.page, 'check-running');
  await expect(a.page.getByRole('button', { name: 'Copy as text' })).toBeVisible({ timeout: 60_000 });
  await look(a.page, 'check-done');
}
