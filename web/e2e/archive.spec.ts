/** The chat for compliance: what a member of staff deletes is gone for everybody but the officer, who finds, reads, holds and exports it. */
import { readFile } from 'node:fs/promises';
import { Clerk } from './clerk.ts';
import { expect, test } from './fixtures.ts';
import { type Person, admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const officer: Person = { name: 'Ольга Ким', login: 'olga', password: 'olga keeps a secret' };

test('an officer finds what was edited and deleted, holds it and takes it out', async ({ server, staffBrowser }) => {
  await server.add(officer, 'compliance');
  const [ann, bob] = [await Clerk.signIn(server, anna), await Clerk.signIn(server, boris)];
  const chat = await ann.chatWith(bob);
  const promise = await ann.write(chat, 'Обещаю десять процентов');
  await ann.api('PATCH', `/api/messages/${promise.id}`, { text: 'Без обещаний' });
  await bob.write(chat, 'Forget this');

  const b = await Staff.signIn(staffBrowser, server.url, boris);
  await b.page.goto(`${server.url}/chat/${chat}`);
  await b.messages.getByText('Forget this').hover();
  await b.page.getByRole('button', { name: 'Message menu' }).last().click();
  await b.page.getByRole('menuitem', { name: 'Delete' }).click();
  const dialog = b.page.getByRole('dialog', { name: 'Delete this message?' });
  await expect(dialog.getByText('Compliance can read it until its time of keeping ends')).toBeVisible();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(b.messages.getByText('Forget this')).toBeHidden();
  await b.page.goto(`${server.url}/recordings/conversations`);
  await expect(b.page.getByRole('navigation', { name: 'Sections of recordings and conversations' })).toBeHidden();
  await b.close();

  const o = await Staff.signIn(staffBrowser, server.url, officer);
  const { page } = o;
  await page.goto(`${server.url}/recordings/conversations`);
  await page.getByRole('searchbox').fill('десять');
  await page.getByRole('list', { name: 'Found in messages' }).getByRole('link').click();
  const messages = page.getByRole('list', { name: 'Messages' });
  await expect(messages.getByText('Обещаю десять процентов')).toBeVisible();
  await expect(messages.getByText('Без обещаний')).toBeVisible();
  await expect(messages.getByText('Forget this')).toBeVisible();
  await expect(messages.getByText(`: ${boris.name}`)).toBeVisible();

  await page.getByRole('button', { name: 'Place a hold' }).click();
  await page.getByRole('textbox', { name: 'Reason' }).fill('Case 17');
  await page.getByRole('dialog').getByRole('button', { name: 'Place a hold' }).click();
  await expect(page.getByRole('region', { name: 'Holds' }).getByText('2 messages were there')).toBeVisible();
  await expect(page.getByText('While on hold, nothing is erased')).toBeVisible();

  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('textbox', { name: 'What for' }).fill('Case 17');
  await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the archive' }).click();
  const bundle = await readFile(await (await downloading).path());
  for (const part of ['messages.jsonl', 'conversation.html', 'Обещаю десять процентов', 'Forget this']) expect(bundle.includes(part), part).toBe(true);
  await o.close();

  const a = await Staff.signIn(staffBrowser, server.url, admin);
  await a.page.goto(`${server.url}/admin/recording`);
  await a.page.getByRole('combobox', { name: 'Keep messages' }).selectOption({ label: '6 months' });
  await a.page.getByRole('button', { name: 'Save' }).click();
  await a.page.getByRole('button', { name: 'Save and erase' }).click();
  await expect(a.page.getByText('How long messages are kept is saved')).toBeVisible();
  expect(await server.api('GET', '/api/admin/chat-retention')).toMatchObject({ version: 1, retention_days: 184 });
  await a.close();
});
