/** A server with three people, and a browser, for each test that asks for them. */
import { type Browser, test as base } from '@playwright/test';
import { freePort } from './ports.ts';
import { Server, anna, boris } from './server.ts';
import { Staff, openBrowser } from './staff.ts';

interface Fixtures {
  server: Server;
  staffBrowser: Browser;
  /** Anna and Boris, signed in. */
  two: { a: Staff; b: Staff };
}

export const test = base.extend<Fixtures>({
  server: async ({}, use) => {
    const port = String(await freePort());
    const server = await Server.start({ url: `http://localhost:${port}`, listen: `0.0.0.0:${port}` });
    await server.setUp();
    await server.add(anna);
    await server.add(boris, 'manager');
    await use(server);
    await server.dispose();
  },
  staffBrowser: async ({}, use) => {
    const browser = await openBrowser();
    await use(browser);
    await browser.close();
  },
  two: async ({ server, staffBrowser }, use) => {
    const a = await Staff.signIn(staffBrowser, server.url, anna);
    const b = await Staff.signIn(staffBrowser, server.url, boris);
    await use({ a, b });
    await a.close();
    await b.close();
  },
});

export { expect } from '@playwright/test';
