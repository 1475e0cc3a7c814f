/** Groups, and what is unread: on two browsers, several devices, and a phone with touch. */
import { expect, test } from './fixtures.ts';
import { Lists, phone } from './lists.ts';
import { drawn, text } from './files.ts';
import { type Person, admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const vera: Person = { name: 'Вера Ёлкина', login: 'vera', password: 'vera keeps a secret' };

const devices = [['desktop', {}], ['phone', phone]] as const;

for (const [device, options] of devices) {
  test(`a group is made, named, joined, left (${device})`, async ({ server, staffBrowser }) => {
    await server.add(vera);
    const a = new Lists(await Staff.signIn(staffBrowser, server.url, anna, options));
    const b = new Lists(await Staff.signIn(staffBrowser, server.url, boris, options));
    await a.createGroup('Отдел продаж', [boris.name]);
    await a.staff.write('Всем привет');
    await expect(b.row('Отдел продаж')).toContainText('Анна: Всем привет');
    await expect(b.row('Отдел продаж')).toContainText('1 unread');
    await b.row('Отдел продаж').click();
    await expect(b.staff.messages.getByText('Всем привет')).toBeVisible();

    await b.openDetails();
    await expect(b.details).toContainText('2 members');
    await expect(b.member(anna.name).getByRole('img', { name: 'Owner' })).toBeVisible();
    await expect(b.details.getByRole('button', { name: /^Remove from the group/ })).toHaveCount(0);
    await b.details.getByRole('button', { name: 'Rename' }).click();
    await b.details.getByLabel('Name').fill('Продажи и сервис');
    await b.details.getByRole('button', { name: 'Save' }).click();
    await expect(b.details.getByText('Продажи и сервис')).toBeVisible();
    await expect(a.page.getByRole('heading', { name: 'Продажи и сервис' })).toBeVisible();

    await b.details.getByRole('button', { name: 'Add members' }).click();
    const adding = b.page.getByRole('dialog', { name: 'Add members' });
    // The wrong layout, and ё as е.
    await adding.getByRole('searchbox').fill('tkrb');
    await adding.getByRole('checkbox', { name: vera.name }).check();
    await adding.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(b.details).toContainText('3 members');
    const v = new Lists(await Staff.signIn(staffBrowser, server.url, vera, options));
    await expect(v.row('Продажи и сервис')).toBeVisible();
    await b.closeDetails();

    await a.openDetails();
    await a.member(boris.name).getByRole('button', { name: /^Remove from the group/ }).click();
    await a.page.getByRole('button', { name: 'Remove from the group', exact: true }).click();
    await expect(a.details).toContainText('2 members');
    await expect(b.row('Продажи и сервис')).toHaveCount(0);

    await a.details.getByRole('button', { name: 'Leave the group' }).click();
    await a.page.getByRole('dialog', { name: /^Leave the group/ }).getByRole('button', { name: 'Leave the group' }).click();
    await expect(a.row('Продажи и сервис')).toHaveCount(0);
    await v.row('Продажи и сервис').click();
    await v.openDetails();
    await expect(v.details).toContainText('1 member');
    await expect(v.member(vera.name).getByRole('img', { name: 'Owner' })).toBeVisible();
  });

  test(`a group's picture is set, seen by all, and taken away (${device})`, async ({ server, staffBrowser }) => {
    const a = new Lists(await Staff.signIn(staffBrowser, server.url, anna, options));
    const b = new Lists(await Staff.signIn(staffBrowser, server.url, boris, options));
    await a.createGroup('Sales', [boris.name]);
    await a.openDetails();
    const file = a.details.getByLabel("The group's picture");
    await file.setInputFiles(await drawn(a.page, 'team.jpg', 'image/jpeg'));
    const shown = b.row('Sales').locator('img');
    await expect.poll(() => shown.evaluateAll((all) => all.map((image) => (image as HTMLImageElement).naturalWidth > 0))).toEqual([true]);
    await expect(b.row('Sales')).toContainText("changed the group's picture");
    await expect(a.details.locator('img')).toHaveCount(1);
    // What is none changes nothing, and is said.
    await file.setInputFiles(text('team.png', 'no picture'));
    await expect(a.page.locator('[data-sonner-toast]').filter({ hasText: /picture|image/i })).toBeVisible();
    await expect(shown).toHaveCount(1);
    await a.details.getByRole('button', { name: 'Remove the picture' }).click();
    await expect(shown).toHaveCount(0);
    await expect(a.details.getByRole('button', { name: 'Remove the picture' })).toHaveCount(0);
  });

  test(`unread messages are counted on all devices, and gone when read on one (${device})`, async ({ server, staffBrowser }) => {
    const a = new Lists(await Staff.signIn(staffBrowser, server.url, anna, options));
    const b = new Lists(await Staff.signIn(staffBrowser, server.url, boris, options));
    const other = new Lists(await Staff.signIn(staffBrowser, server.url, boris));
    await a.staff.openChat(boris.name);
    await a.staff.write('one');
    await a.staff.write('two');
    await a.staff.write('three');
    await expect(b.row(anna.name)).toContainText('3 unread');
    await expect(other.row(anna.name)).toContainText('3 unread');
    // The count is the server's, not this page's.
    await other.page.reload();
    await expect(other.row(anna.name)).toContainText('3 unread');
    await a.back();
    await a.tab('Chats');
    await expect(a.row(boris.name).getByRole('img', { name: 'Sent' })).toBeVisible();

    await b.row(anna.name).click();
    await expect(b.staff.messages.getByText('three')).toBeVisible();
    await expect(other.row(anna.name)).not.toContainText('unread');
    await expect(a.row(boris.name).getByRole('img', { name: 'Read' })).toBeVisible();
    await b.staff.write('answer');
    await b.back();
    await expect(b.row(anna.name)).toContainText('You: answer');
    await expect(b.row(anna.name)).not.toContainText('unread');
  });
}

test('a chat is muted and read from its row, by right click, long press and keyboard', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, anna);
  const b = new Lists(await Staff.signIn(staffBrowser, server.url, boris));
  const onPhone = new Lists(await Staff.signIn(staffBrowser, server.url, boris, phone));
  await a.openChat(boris.name);
  await a.write('hello');
  await b.row(anna.name).click({ button: 'right' });
  await b.page.getByRole('menuitem', { name: 'Mute notifications' }).click();
  await expect(b.row(anna.name).getByRole('img', { name: 'Muted' })).toBeVisible();
  await expect(onPhone.row(anna.name).getByRole('img', { name: 'Muted' })).toBeVisible();

  // A finger that stays.
  const box = await onPhone.row(anna.name).boundingBox();
  if (box === null) throw new Error('no row');
  const touch = await onPhone.page.context().newCDPSession(onPhone.page);
  const point = { x: box.x + 100, y: box.y + 30 };
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [point] });
  await expect(onPhone.page.getByRole('menu')).toBeVisible();
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await expect(onPhone.page.getByRole('menu')).toBeVisible();
  await onPhone.page.getByRole('menuitem', { name: 'Turn notifications on' }).tap();
  await expect(b.row(anna.name).getByRole('img', { name: 'Muted' })).toHaveCount(0);

  await b.row(anna.name).focus();
  await b.page.keyboard.press('Shift+F10');
  await expect(b.page.getByRole('menuitem', { name: 'Mark as read' })).toBeFocused();
  await b.page.keyboard.press('Enter');
  await expect(b.row(anna.name)).not.toContainText('unread');
  await expect(onPhone.row(anna.name)).not.toContainText('unread');
});

test('the group of an owner who is deactivated gets another', async ({ server, staffBrowser }) => {
  const a = new Lists(await Staff.signIn(staffBrowser, server.url, anna));
  const b = new Lists(await Staff.signIn(staffBrowser, server.url, boris));
  await a.createGroup('Sales', [boris.name, admin.name]);
  await b.row('Sales').click();
  await b.openDetails();
  await expect(b.details.getByRole('button', { name: /^Remove from the group/ })).toHaveCount(0);
  const everybody = await server.api<{ id: string; login: string }[]>('GET', '/api/users');
  const her = everybody.find(({ login }) => login === anna.login);
  await server.api('PATCH', `/api/users/${her?.id ?? ''}`, { deactivated: true });
  await expect(b.details.getByRole('list', { name: 'Members' }).getByRole('img', { name: 'Owner' })).toHaveCount(1);
  await expect(b.member(anna.name).getByRole('img', { name: 'Owner' })).toHaveCount(0);
  await expect(b.staff.messages.getByText(/You own the group now|The group has a new owner/)).toBeVisible();
});

test('somebody who is named in a muted group is told so', async ({ server, staffBrowser }) => {
  const a = new Lists(await Staff.signIn(staffBrowser, server.url, anna));
  const b = new Lists(await Staff.signIn(staffBrowser, server.url, boris));
  await a.createGroup('Sales', [boris.name]);
  await a.staff.write('@boris, have a look');
  await expect(b.row('Sales')).toContainText('1 mention of you');
});
