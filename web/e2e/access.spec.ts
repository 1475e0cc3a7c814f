/** axe on every screen: no serious finding, on phone and desktop, light and dark. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './fixtures.ts';
import { desktop, phone, tour } from './tour.ts';

test.setTimeout(900_000);
test.describe.configure({ mode: 'parallel' });

for (const [device, scheme] of [[phone, 'dark'], [desktop, 'light']] as const) {
  test(`nobody is kept out by a screen: ${String(device.viewport.width)} px, ${scheme}`, async ({ server, staffBrowser }) => {
    const findings: string[] = [];
    await tour({
      server, browser: staffBrowser, options: { ...device, colorScheme: scheme },
      look: async (page, name) => {
        // There are no frames, for whose sake it would open a page of its own each time; and of what is fine nothing is told.
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] }).analyze();
        for (const { impact, id, nodes } of violations) {
          if (impact === 'serious' || impact === 'critical') {
            for (const node of nodes) findings.push(`${name}: ${id}: ${node.target.join(' ')}: ${node.failureSummary ?? ''}`);
          }
        }
      },
    });
    expect(findings).toEqual([]);
  });
}
