/** Notices: the tab's title, the desktop, the service worker's push, and the mail settings. */
import { AxeBuilder } from '@axe-core/playwright';
import type { CDPSession, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const NOTICES = { permissions: ['notifications', 'microphone', 'camera'] };

/** What the service worker shows now. */
function shown(page: Page): Promise<{ title: string; body: string; tag: string }[]> {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }));
  });
}

async function registrationOf(session: CDPSession): Promise<string> {
  const found = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [first] = registrations;
      if (first !== undefined) resolve(first.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  return found;
}

test('the title counts what is unread, and a hidden page shows a notice that opens the chat', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, anna);
  const b = await Staff.signIn(staffBrowser, server.url, boris, NOTICES);
  await b.page.evaluate(() => navigator.serviceWorker.ready);
  await b.openChat('Alla');
  await a.openChat('Boris');
  await a.write('are you there');
  await expect(b.page).toHaveTitle('(1) Staffline');
  await a.write('hello?');
  await expect(b.page).toHaveTitle('(2) Staffline');
  // Another tab in front: headless pages are all "visible", so this page is told that it is not.
  await b.page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.hasFocus = () => false;
  });
  await a.write('look here');
  await expect.poll(() => shown(b.page)).toEqual([expect.objectContaining({ title: anna.name, body: 'look here' })]);
  await b.page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
  });
  await b.page.getByRole('tab', { name: 'Chats' }).click();
  await b.page.getByRole('link', { name: /Анна/ }).first().click();
  await expect(b.page).toHaveTitle('Staffline');
  await expect.poll(() => shown(b.page)).toEqual([]);
});

test('the service worker shows what is pushed while no page is in sight', async ({ server, staffBrowser }) => {
  const b = await Staff.signIn(staffBrowser, server.url, boris, NOTICES);
  await b.page.evaluate(() => navigator.serviceWorker.ready);
  const session = await b.context.newCDPSession(b.page);
  const registrationId = await registrationOf(session);
  const push = (data: object): Promise<unknown> =>
    session.send('ServiceWorker.deliverPushMessage', { origin: server.url, registrationId, data: JSON.stringify(data) });
  const message = { type: 'message', conversation_id: 'c1', title: 'Anna', body: 'pushed' };
  // A page that can be seen tells by itself.
  await push(message);
  expect(await shown(b.page)).toEqual([]);
  const other = await b.context.newPage();
  await b.page.goto('about:blank');
  await push(message);
  await push({ type: 'call', call_id: 'k1', conversation_id: 'c1', title: 'Anna', body: 'Video call', until: Date.now() + 45_000 });
  await push({ type: 'call', call_id: 'k2', conversation_id: 'c1', title: 'Anna', body: 'Video call', until: Date.now() - 1 });
  await push({ type: 'message', conversation_id: 'c1', title: 'Anna', body: 'pushed again' });
  await push({ type: 'call_ended', call_id: 'k1', conversation_id: 'c1', title: 'Anna', body: 'Missed call' });
  // Asked of the worker itself: no page is to be in sight before it has come to all of them.
  const [worker] = b.context.serviceWorkers();
  const notices = (): Promise<{ title: string; body: string; tag: string }[]> | undefined =>
    worker?.evaluate(async () => {
      const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
      const all = (await registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }));
      return all.sort((one, two) => one.tag.localeCompare(two.tag));
    });
  const expected = [{ title: 'Anna', body: 'pushed again', tag: 'c1' }, { title: 'Anna', body: 'Missed call', tag: 'call:k1' }];
  await expect.poll(notices).toEqual(expected);
  await other.goto(server.url);
  expect(await shown(other)).toHaveLength(expected.length);
});

test('a refusal of the browser is explained, and push is offered where it was allowed', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, anna);
  await a.page.goto(`${server.url}/profile`);
  const line = a.page.getByRole('region', { name: /Notif|Notices/ });
  await expect(line.getByText(/Notifications on this device/)).toBeVisible();
  const b = await Staff.signIn(staffBrowser, server.url, boris, NOTICES);
  await b.page.goto(`${server.url}/profile`);
  await expect(b.page.getByRole('switch', { name: 'While the page is closed' })).toBeVisible();
});

test('an admin sets the mail server and hears what it says', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, admin);
  await a.page.goto(`${server.url}/admin/mail`);
  const card = a.page.getByRole('region', { name: 'Mail' });
  await card.getByLabel('Mail server').fill('localhost');
  await card.getByLabel('Encryption').selectOption('none');
  await expect(card.getByLabel('Port')).toHaveValue('25');
  // Nobody listens on the discard port.
  await card.getByLabel('Port').fill('9');
  await card.getByLabel('Sender').fill('nobody');
  await card.getByRole('button', { name: 'Save' }).click();
  await expect(a.page.getByText('The sender is a mail address')).toBeVisible();
  await card.getByLabel('Sender').fill('Staffline <chat@example.org>');
  await card.getByRole('button', { name: 'Save' }).click();
  await card.getByRole('button', { name: 'Send a test mail' }).click();
  await expect(card.getByRole('status')).toContainText('The server does not answer');
  const { violations } = await new AxeBuilder({ page: a.page }).include('main').analyze();
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
});
