/** Pictures of every screen, into `target/screenshots/`. Those of the README are copied to `docs/screenshots/` by hand. */
import { fileURLToPath } from 'node:url';
import { test } from './fixtures.ts';
import { desktop, phone, tour } from './tour.ts';

const folder = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));

test.setTimeout(300_000);

for (const [device, options] of [['phone', phone], ['desktop', desktop]] as const) {
  for (const scheme of ['light', 'dark'] as const) {
    test(`${device} ${scheme}`, async ({ server, staffBrowser }) => {
      await tour({
        server, browser: staffBrowser, options: { ...options, colorScheme: scheme },
        look: (page, name) => page.screenshot({ path: `${folder}${device}-${scheme}-${name}.png` }),
      });
    });
  }
}
