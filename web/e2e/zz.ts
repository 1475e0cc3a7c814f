import { fileURLToPath } from 'node:url';
import { calls } from './callTour.ts';
import { test } from './fixtures.ts';
import { anna, boris } from './server.ts';
import { Staff } from './staff.ts';
import { desktop, phone } from './tour.ts';
const folder = fileURLToPath(new URL('../../target/shots/', import.meta.url));
test.setTimeout(240_000);
for (const [device, options, scheme] of [['phone', phone, 'dark'], ['desktop', desktop, 'light']] as const) {
  test(`${device}`, async ({ server, staffBrowser }) => {
    const b = await Staff.signIn(staffBrowser, server.url, boris);
    const a = await Staff.signIn(staffBrowser, server.url, anna, { ...options, colorScheme: scheme });
    await a.openChat(boris.name); await b.openChat(anna.name);
    await calls({ server, browser: staffBrowser, options: {}, look: (page, name) => page.screenshot({ path: `${folder}${device}-${name}.png` }) }, a, b);
  });
}
