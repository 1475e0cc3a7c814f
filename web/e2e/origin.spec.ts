/** A2, A3: a page of another origin on the same site, to which the browser gives the cookie, and which must gain nothing by it. */
import { expect, test } from './fixtures.ts';
import { anna, boris } from './server.ts';
import { Staff } from './staff.ts';

test('another origin with the cookie changes nothing, reads nothing and gets no socket', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, anna);
  const evil = await a.context.newPage();
  const users = await server.api<{ id: string; login: string }[]>('GET', '/api/users');
  const of = (login: string) => users.find((user) => user.login === login)?.id ?? '';
  // The same site for SameSite, which does not look at ports; nothing listens there.
  await evil.route('http://localhost:9/**', (route) => route.fulfill({ contentType: 'text/html', body: '<title>evil</title>' }));
  await evil.goto('http://localhost:9/');
  const outcome = await evil.evaluate(async ({ url, boris }) => {
    const send = (method: string, path: string, init: RequestInit = {}) =>
      fetch(url + path, { method, credentials: 'include', ...init }).then(async (r) => (r.type === 'opaque' ? 'opaque' : await r.text()), () => 'refused');
    const read = await send('GET', '/api/users');
    // What a form could send; no answer comes back from it in any case.
    await send('POST', '/api/conversations', { mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ user_id: boris }) });
    const signOut = await send('DELETE', '/api/session');
    const socket = await new Promise<string>((done) => {
      const opened = new WebSocket(`${url.replace('http', 'ws')}/api/socket`);
      opened.onopen = () => { done('open'); };
      opened.onerror = () => { done('refused'); };
    });
    return { read, signOut, socket };
  }, { url: server.url, boris: of(boris.login) });
  expect(outcome).toEqual({ read: 'refused', signOut: 'refused', socket: 'refused' });
  await a.page.reload();
  await expect(a.page.getByRole('tab', { name: 'Chats' })).toBeVisible();
  await expect(a.page.getByText('No chats yet')).toBeVisible();
});
