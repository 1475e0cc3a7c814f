/** Finding people, chats and messages, and switching between chats. */
import { expect, test } from './fixtures.ts';
import { Lists, phone } from './lists.ts';
import { type Person, admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const semyon: Person = { name: 'Семён Ильин', login: 'semyon', password: 'semyon keeps a secret' };

for (const [device, options] of [['desktop', {}], ['phone', phone]] as const) {
  test(`people are found as one types: case, ё and е, the other layout (${device})`, async ({ server, staffBrowser }) => {
    await server.add(semyon);
    const b = new Lists(await Staff.signIn(staffBrowser, server.url, boris, options));
    await b.tab('People');
    for (const typed of ['семен', 'СЕМЁН', 'ильин сем', 'ctv`y', 'semy']) {
      await b.search.fill(typed);
      await expect(b.person(semyon.name), typed).toBeVisible();
      await expect(b.person(anna.name), typed).toHaveCount(0);
    }
    await b.search.fill('nobody');
    await expect(b.page.getByText('Nobody found')).toBeVisible();
    await b.page.getByRole('button', { name: 'Clear search' }).click();
    await expect(b.person(anna.name)).toBeVisible();

    // The same field finds whom one has no chat with yet.
    await b.tab('Chats');
    await b.search.fill('fyyf');
    await expect(b.person(anna.name).getByText('Анна', { exact: true })).toHaveCSS('background-color', /rgb/);
    await b.person(anna.name).click();
    await expect(b.staff.input).toBeVisible();
  });

  test(`a message is found by its words, marked, and jumped to (${device})`, async ({ server, staffBrowser }) => {
    const a = new Lists(await Staff.signIn(staffBrowser, server.url, anna, options));
    const b = new Lists(await Staff.signIn(staffBrowser, server.url, boris, options));
    await a.staff.openChat(boris.name);
    await a.staff.write('Договор о поставке ёлок подписан 🎄 вчера');
    await expect(a.staff.messages.getByText('Договор о поставке')).toBeVisible();
    // Enough for the found one to be far away.
    await a.page.evaluate(async (count) => {
      const id = location.pathname.split('/')[2];
      for (let i = 0; i < count; i += 1) {
        // The point ends the number: the time that a bubble shows stands right behind its text.
        const body = JSON.stringify({ client_key: `filler-key-${i}`, text: `filler ${i}.` });
        await fetch(`/api/conversations/${id}/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      }
    }, 120);
    await expect(a.staff.messages.getByText('filler 119.')).toBeVisible();
    if (device === 'phone') {
      await a.back();
      await a.tab('Chats');
    }
    await expect(b.row(anna.name)).toContainText('121 unread');

    await b.search.fill('ЕЛОК подпис');
    await expect(b.hits).toHaveCount(1);
    await expect(b.hits.locator('mark')).toHaveText(['ёлок', 'подпис']);
    await b.hits.click();
    await expect(b.staff.messages.getByText('Договор о поставке')).toBeInViewport();
    await b.back();

    await b.search.fill('filler');
    await expect(b.hits).toHaveCount(20);
    await b.page.getByRole('button', { name: 'More messages' }).click();
    await expect(b.hits).toHaveCount(40);
    await b.search.fill('ljujdjh');
    await b.page.getByRole('button', { name: 'Search for “договор”' }).click();
    await expect(b.hits).toHaveCount(1);

    // Nobody finds what was said without them.
    await server.add(semyon);
    const s = new Lists(await Staff.signIn(staffBrowser, server.url, semyon, options));
    await s.search.fill('договор');
    await expect(s.page.getByText('There are no such messages')).toBeVisible();
  });

  test(`one chat is searched from its details (${device})`, async ({ server, staffBrowser }) => {
    const a = new Lists(await Staff.signIn(staffBrowser, server.url, anna, options));
    await a.createGroup('Sales', [boris.name]);
    await a.staff.write('the contract in the group');
    await expect(a.staff.messages.getByText('in the group')).toBeVisible();
    await a.back();
    await a.staff.openChat(boris.name);
    await a.staff.write('the contract between us');
    await expect(a.staff.messages.getByText('between us')).toBeVisible();
    await a.openDetails();
    await expect(a.details).toContainText(boris.login);
    await a.details.getByRole('button', { name: 'Search in this chat' }).click();
    await a.page.getByRole('searchbox', { name: 'Search in this chat' }).fill('contract');
    await expect(a.hits).toHaveCount(1);
    await expect(a.hits).toContainText('the contract between us');
    await a.hits.click();
    await expect(a.staff.messages.getByText('between us')).toBeInViewport();
  });
}

test('chats are switched with the keyboard', async ({ server, staffBrowser }) => {
  await server.add(semyon);
  const a = new Lists(await Staff.signIn(staffBrowser, server.url, anna));
  const b = await Staff.signIn(staffBrowser, server.url, boris);
  const s = await Staff.signIn(staffBrowser, server.url, semyon);
  await b.openChat(anna.name);
  await b.write('from boris');
  await s.openChat(anna.name);
  await s.write('from semyon');
  await expect(a.rows).toHaveCount(2);
  await expect(a.rows.first()).toContainText(semyon.name);

  const switcher = a.page.getByRole('dialog', { name: 'Quick switcher' });
  await a.page.keyboard.press('Control+k');
  await expect(switcher.getByRole('combobox')).toBeFocused();
  await expect(switcher.getByRole('option')).toHaveCount(2);
  await a.page.keyboard.press('ArrowDown');
  await expect(switcher.getByRole('option', { name: boris.name })).toHaveAttribute('aria-selected', 'true');
  await a.page.keyboard.press('Enter');
  await expect(a.page.getByRole('heading', { name: boris.name })).toBeVisible();
  await expect(a.staff.messages.getByText('from boris')).toBeVisible();

  await a.page.keyboard.press('Alt+ArrowUp');
  await expect(a.page.getByRole('heading', { name: semyon.name })).toBeVisible();
  await a.page.keyboard.press('Alt+ArrowDown');
  await expect(a.page.getByRole('heading', { name: boris.name })).toBeVisible();

  // The other layout; somebody one has no chat with.
  await a.page.keyboard.press('Control+k');
  await switcher.getByRole('combobox').fill('фддф');
  await expect(switcher.getByRole('option', { name: 'Alla Admin' })).toContainText('new chat');
  await a.page.keyboard.press('Escape');
  await expect(switcher).toBeHidden();

  // Nothing to switch to is not nothing at all.
  const c = await Staff.signIn(staffBrowser, server.url, admin);
  await c.openChat(boris.name);
  await c.page.keyboard.press('Control+k');
  await expect(c.page.getByRole('dialog', { name: 'Quick switcher' })).toContainText('There are no other chats yet.');

  await a.page.getByRole('tab', { name: 'Chats' }).focus();
  await a.page.keyboard.press('?');
  await expect(a.page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
});
