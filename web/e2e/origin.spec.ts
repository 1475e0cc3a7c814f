/** A2, A3: a page of another origin on the same site, to which the browser gives the cookie, and which must gain nothing by it. */
import { expect, test } from './fixtures.ts';
import { anna } from './server.ts';
import { Staff } from './staff.ts';

test('another origin with the cookie changes nothing, reads nothing and gets no socket', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, anna);
  const evil = await a.context.newPage();
  // The same site for SameSite, which does not look at ports; nothing listens there.
  await evil.route('http://localhost:9/**', (route) => route.fulfill({ contentType: 'text/html', body: '<title>evil</title>' }));
  await evil.goto('http://localhost:9/');
  const statuses: string[] = [];
  evil.on('response', (response) => {
    if (response.url().startsWith(server.url)) statuses.push(`${response.request().method()} ${String(response.status())}`);
  });
  const outcome = await evil.evaluate(async (url) => {
    const send = (method: string, path: string, init: RequestInit = {}) =>
      fetch(url + path, { method, credentials: 'include', ...init }).then(async (r) => (r.type === 'opaque' ? 'opaque' : await r.text()), () => 'refused');
    const read = await send('GET', '/api/users');
    await send('POST', '/api/session/others', { mode: 'no-cors', body: '{}' });
    const form = await send('POST', '/api/users/me/settings', { mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: '{"theme":"dark"}' });
    const signOut = await send('DELETE', '/api/session');
    const socket = await new Promise<string>((done) => {
      const opened = new WebSocket(`${url.replace('http', 'ws')}/api/socket`);
      opened.onopen = () => { done('open'); };
      opened.onerror = () => { done('refused'); };
    });
    return { read, form, signOut, socket };
  }, server.url);
  expect(outcome).toEqual({ read: 'refused', form: 'opaque', signOut: 'refused', socket: 'refused' });
  // Refused for its origin, not for want of a cookie.
  expect(statuses).toContain('GET 200');
  expect(statuses.filter((status) => status.startsWith('POST'))).toEqual(['POST 403', 'POST 403']);
  await a.page.reload();
  await expect(a.page.getByRole('tab', { name: 'Chats' })).toBeVisible();
  await expect(a.page.locator('html')).toHaveAttribute('data-theme', 'light');
});
