/** Two people get in by their links, find each other and write to each other. */
import { expect, test } from './fixtures.ts';
import { freePort } from './ports.ts';
import { Server, admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

test('the first admin is made by the printed link, and invites somebody', async ({ staffBrowser }) => {
  const port = String(await freePort());
  const server = await Server.start({ url: `http://localhost:${port}`, listen: `127.0.0.1:${port}` });
  try {
    const context = await staffBrowser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    await page.goto(await server.setupLink());
    await page.getByLabel('Full name').fill(admin.name);
    await page.getByLabel('Login').fill(admin.login);
    await page.getByLabel('E-mail').fill('alla@example.org');
    await page.getByLabel('Password', { exact: true }).fill(admin.password);
    await page.getByLabel('Password again', { exact: true }).fill(admin.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('tab', { name: 'People' })).toBeVisible();

    await page.getByRole('button', { name: /^Menu/ }).click();
    await page.getByRole('button', { name: 'Administration' }).click();
    await page.getByRole('button', { name: 'Add a person' }).click();
    await page.getByLabel('Full name').fill(anna.name);
    await page.getByLabel('Login', { exact: true }).fill(anna.login);
    await page.getByLabel('E-mail', { exact: true }).fill('anna@example.org');
    await page.getByRole('button', { name: 'Add and get a link' }).click();
    const link = await page.getByLabel('Invitation link').inputValue();

    const invited = await (await staffBrowser.newContext({ locale: 'ru-RU' })).newPage();
    await invited.goto(link);
    await invited.getByLabel('Пароль', { exact: true }).fill(anna.password);
    await invited.getByLabel('Пароль ещё раз', { exact: true }).fill(anna.password);
    await invited.getByRole('button', { name: 'Войти' }).click();
    await expect(invited.getByRole('tab', { name: 'Люди' })).toBeVisible();

    // A link works once.
    const late = await (await staffBrowser.newContext({ locale: 'en-GB' })).newPage();
    await late.goto(link);
    await expect(late.getByText('This link no longer works')).toBeVisible();
  } finally {
    await server.dispose();
  }
});

test('a message arrives at once, in order, with its line breaks', async ({ two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  await a.write('Привет, Boris');
  await expect(b.messages.getByText('Привет, Boris')).toBeVisible();
  await b.input.fill('first line');
  await b.input.press('Shift+Enter');
  await b.input.pressSequentially('second line');
  await b.input.press('Enter');
  await expect(a.messages.getByText(/first line\s+second line/)).toBeVisible();
  await a.page.reload();
  await a.openChat(boris.name);
  await expect(a.messages.getByText('Привет, Boris')).toHaveCount(1);
});

test('while the socket is down messages are fetched, and nothing comes twice when it is back', async ({ server, staffBrowser }) => {
  const b = await Staff.signIn(staffBrowser, server.url, boris);
  const a = await Staff.signIn(staffBrowser, server.url, anna);
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  let down = false;
  await b.page.routeWebSocket(/\/api\/socket/, async (socket) => {
    if (down) await socket.close({ code: 1011 });
    else socket.connectToServer();
  });
  down = true;
  await b.page.reload();
  await b.openChat(anna.name);
  await a.write('over the fetch');
  await expect(b.messages.getByText('over the fetch')).toBeVisible({ timeout: 15_000 });
  down = false;
  await a.write('over the socket');
  await expect(b.messages.getByText('over the socket')).toBeVisible({ timeout: 30_000 });
  await expect(b.messages.getByText('over the fetch')).toHaveCount(1);
  await expect(b.messages.getByText('over the socket')).toHaveCount(1);
});

test('a server that was killed and comes back loses nothing', async ({ server, two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  await a.write('before');
  await expect(b.messages.getByText('before')).toBeVisible();
  await server.stop('SIGKILL');
  await a.write('while it was away');
  await server.launch();
  await expect(b.messages.getByText('while it was away')).toBeVisible({ timeout: 45_000 });
  await expect(a.messages.getByText('while it was away')).toHaveCount(1);
});
