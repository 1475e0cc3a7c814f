/** The input: emoji, replies, edits, drafts, mentions, typing; on a desktop, and on a phone with a finger. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { type Person, admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const desktop = { viewport: { width: 1280, height: 800 } };

/** What the page's security policy has refused, and what it asked of other servers. */
function refusals(page: Page, url: string): string[] {
  const found: string[] = [];
  page.on('console', (message) => { if (/Content Security Policy/.test(message.text())) found.push(message.text()); });
  page.on('request', (request) => { if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) found.push(request.url()); });
  return found;
}

const emojiButton = (page: Page) => page.getByRole('button', { name: 'Emoji', exact: true });
const emojiPanel = (page: Page) => page.getByRole('dialog', { name: 'Emoji', exact: true });
const replyBar = (page: Page) => page.getByRole('group', { name: 'Reply to a message' });

/** Opens the menu of a message: by the three dots, or on a touch screen by a long press. */
async function choose({ page, messages }: Staff, text: string, action: string, touch: boolean): Promise<void> {
  const bubble = messages.getByText(text).last();
  if (touch) {
    await bubble.dispatchEvent('contextmenu');
  } else {
    await bubble.hover();
    await messages.getByRole('button', { name: 'Message menu' }).last().click();
  }
  await page.getByRole('menuitem', { name: action, exact: true }).click();
}

for (const [device, options] of [['desktop', desktop], ['phone', phone]] as const) {
  const touch = device === 'phone';

  test.describe(device, () => {
    test('E1, E2: emoji found by name, put at the cursor by one press', async ({ server, staffBrowser }) => {
      const a = await Staff.signIn(staffBrowser, server.url, anna, options);
      const { page, input } = a;
      const refused = refusals(page, server.url);
      await a.openChat(boris.name);
      await input.fill('ab');
      await input.evaluate((field: HTMLTextAreaElement) => { field.setSelectionRange(1, 1); });
      await emojiButton(page).click();
      await emojiPanel(page).getByRole('gridcell', { name: 'grinning face', exact: true }).click();
      await expect(input).toHaveValue('a😀b');
      // In either language, whatever the language of the page.
      for (const [words, name, emoji] of [['thumbs up', 'thumbs up', '👍'], ['самолёт', 'airplane', '✈️'], ['самолет', 'airplane', '✈️']] as const) {
        await emojiPanel(page).getByRole('textbox').fill(words);
        const found = emojiPanel(page).getByRole('gridcell', { name, exact: true }).first();
        await expect(found).toBeVisible();
        await input.fill('');
        await found.click();
        await expect(input).toHaveValue(emoji);
      }
      await page.keyboard.press('Escape');
      await expect(emojiPanel(page)).toBeHidden();
      await expect(input).toBeFocused();
      // Those that were used come first the next time.
      await emojiButton(page).click();
      await expect(emojiPanel(page).getByRole('gridcell').first()).toHaveAccessibleName(/airplane|thumbs up|grinning face/);
      await a.messages.click({ position: { x: 20, y: 20 } });
      await expect(emojiPanel(page)).toBeHidden();
      expect(refused).toEqual([]);
      await a.close();
    });

    test('R1: a reply quotes the original above the input, and can be given up', async ({ server, staffBrowser }) => {
      const a = await Staff.signIn(staffBrowser, server.url, anna, options);
      const b = await Staff.signIn(staffBrowser, server.url, boris, options);
      await a.openChat(boris.name);
      await b.openChat(anna.name);
      await b.write('Shall we meet at three?');
      await expect(a.messages.getByText('Shall we meet at three?')).toBeVisible();

      await choose(a, 'Shall we meet at three?', 'Reply', touch);
      await expect(replyBar(a.page)).toContainText(boris.name);
      await expect(replyBar(a.page)).toContainText('Shall we meet at three?');
      await expect(a.input).toBeFocused();
      await a.page.keyboard.press('Escape');
      await expect(replyBar(a.page)).toBeHidden();
      await choose(a, 'Shall we meet at three?', 'Reply', touch);
      await replyBar(a.page).getByRole('button', { name: 'Cancel the reply' }).click();
      await expect(replyBar(a.page)).toBeHidden();

      await choose(a, 'Shall we meet at three?', 'Reply', touch);
      await a.write('At four, please');
      await expect(replyBar(a.page)).toBeHidden();
      await expect(b.messages.getByText('At four, please')).toBeVisible();
      await expect(b.messages.getByText('Shall we meet at three?')).toHaveCount(2);
      await a.close();
      await b.close();
    });

    test('an own message is edited in place; Escape gives up', async ({ server, staffBrowser }) => {
      const a = await Staff.signIn(staffBrowser, server.url, anna, options);
      const b = await Staff.signIn(staffBrowser, server.url, boris, options);
      await a.openChat(boris.name);
      await b.openChat(anna.name);
      await a.write('See you at tree');
      await expect(b.messages.getByText('See you at tree')).toBeVisible();
      await a.input.fill('something else');
      await choose(a, 'See you at tree', 'Edit', touch);
      await expect(a.input).toHaveValue('See you at tree');
      await a.input.fill('See you at three');
      await a.page.getByRole('button', { name: 'Save', exact: true }).click();
      await expect(b.messages.getByText('See you at three')).toBeVisible();
      await expect(b.messages.getByText('See you at tree')).toHaveCount(0);
      await expect(a.input).toHaveValue('something else');

      await a.input.fill('');
      await a.input.press('ArrowUp');
      await expect(a.input).toHaveValue('See you at three');
      await a.input.press('Escape');
      await expect(a.input).toHaveValue('');
      await a.close();
      await b.close();
    });

    test('a draft survives a reload, follows to another device with its reply, and goes when it is sent', async ({ server, staffBrowser }) => {
      const b = await Staff.signIn(staffBrowser, server.url, boris);
      await b.openChat(anna.name);
      await b.write('Which day?');
      const a = await Staff.signIn(staffBrowser, server.url, anna, options);
      await a.openChat(boris.name);
      await choose(a, 'Which day?', 'Reply', touch);
      await a.input.pressSequentially('On Tues');
      await a.page.reload();
      await expect(a.input).toHaveValue('On Tues');
      await expect(replyBar(a.page)).toContainText('Which day?');

      const other = await Staff.signIn(staffBrowser, server.url, anna, options);
      await other.openChat(boris.name);
      await expect(other.input).toHaveValue('On Tues');
      await expect(replyBar(other.page)).toContainText('Which day?');
      await other.input.press('End');
      await other.input.pressSequentially('day');
      await expect(a.input).toHaveValue('On Tuesday');
      await other.page.getByRole('button', { name: 'Send', exact: true }).click();
      await expect(a.input).toHaveValue('');
      await expect(replyBar(a.page)).toBeHidden();
      await expect(b.messages.getByText('On Tuesday')).toBeVisible();
      await other.page.reload();
      await expect(other.input).toHaveValue('');
      for (const one of [a, b, other]) await one.close();
    });

    test('the other one sees that somebody writes, until the message comes', async ({ server, staffBrowser }) => {
      const a = await Staff.signIn(staffBrowser, server.url, anna, options);
      const b = await Staff.signIn(staffBrowser, server.url, boris, options);
      await a.openChat(boris.name);
      await b.openChat(anna.name);
      await Promise.all([expect(b.page.getByText('Анна is typing…').first()).toBeVisible(), a.input.pressSequentially('Let me')]);
      await a.page.getByRole('button', { name: 'Send', exact: true }).click();
      await expect(b.messages.getByText('Let me')).toBeVisible();
      await expect(b.page.getByText('Анна is typing…')).toHaveCount(0);
      await a.close();
      await b.close();
    });

    test('an @ in a group offers its members by name, login and wrong layout', async ({ server, staffBrowser }) => {
      const vera: Person = { name: 'Вера Алёхина', login: 'vera', password: 'vera keeps a secret' };
      await server.add(vera);
      const users = await server.api<{ id: string; login: string }[]>('GET', '/api/users');
      const ids = users.filter(({ login }) => login !== admin.login).map(({ id }) => id);
      const group = await server.api<{ id: string }>('POST', '/api/groups', { name: 'Sales', user_ids: ids });
      const a = await Staff.signIn(staffBrowser, server.url, anna, options);
      await a.page.goto(`${server.url}/chat/${group.id}`);
      await expect(a.input).toBeVisible();
      const list = a.page.getByRole('listbox', { name: 'Whom to mention' });
      const options_ = list.getByRole('option');

      await a.input.pressSequentially('hello @');
      await expect(options_).toHaveCount(4);
      await a.input.pressSequentially('алех');
      await expect(options_).toHaveCount(1);
      await options_.click();
      await expect(a.input).toHaveValue('hello @vera ');
      await expect(a.input).toBeFocused();
      await a.input.pressSequentially('and @dthf');
      await expect(options_).toHaveText([/Вера/]);
      await a.input.press('Escape');
      await expect(list).toBeHidden();
      await expect(a.input).toHaveValue('hello @vera and @dthf');
      await a.input.fill('');
      await a.input.pressSequentially('@bo');
      await a.input.press('Tab');
      await expect(a.input).toHaveValue('@boris ');
      await a.close();
    });
  });
}

test('what the picker puts in is taken back by Ctrl+Z, like what was typed', async ({ two: { a } }) => {
  await a.openChat(boris.name);
  await a.input.pressSequentially('ok');
  await emojiButton(a.page).click();
  await emojiPanel(a.page).getByRole('gridcell', { name: 'grinning face', exact: true }).click();
  await expect(a.input).toHaveValue('ok😀');
  await a.page.keyboard.press('Control+z');
  await expect(a.input).toHaveValue('ok');
});

test('the emoji are named and found in Russian, and follow the dark theme', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, anna, { ...desktop, colorScheme: 'dark' });
  await a.openChat(boris.name);
  await a.page.evaluate(() => { localStorage.setItem('staffline.language', 'ru'); });
  await a.page.reload();
  await a.page.getByRole('button', { name: 'Эмодзи', exact: true }).click();
  const panel = a.page.getByRole('dialog', { name: 'Эмодзи', exact: true });
  await panel.getByRole('textbox', { name: 'Поиск эмодзи' }).fill('ёлка');
  await panel.getByRole('gridcell', { name: 'новогодняя елка' }).click();
  await expect(a.page.getByRole('textbox', { name: 'Сообщение', exact: true })).toHaveValue('🎄');
  const colour = await panel.locator('[data-epr-part="root"]').evaluate((root) => getComputedStyle(root).backgroundColor);
  expect(colour).toBe('rgb(30, 35, 44)');
  await a.close();
});
