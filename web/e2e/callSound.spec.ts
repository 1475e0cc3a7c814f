/** The sound of a tab that is shared goes with its picture, whoever is muted. */
import { expect, test } from './fixtures.ts';
import { anna, boris } from './server.ts';
import { Staff, openBrowser } from './staff.ts';
import { watch } from './stats.ts';

test('the sound of a shared tab is heard, also from somebody who is muted', async ({ server }) => {
  const title = 'A tab that sounds';
  const browser = await openBrowser({ args: [`--auto-select-tab-capture-source-by-title=${title}`] });
  const a = await Staff.signIn(browser, server.url, anna);
  const b = await Staff.signIn(browser, server.url, boris);
  const tab = await a.context.newPage();
  await tab.goto(server.url);
  await tab.setContent(`<title>${title}</title>`);
  await tab.evaluate(() => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: 440 });
    tone.connect(context.destination);
    tone.start();
  });
  await a.page.bringToFront();
  await a.openChat(boris.name);
  await a.call('Call');
  await b.accept();
  for (const staff of [a, b]) await staff.connected();
  await a.pressOrChoose('Turn microphone off');
  await expect.poll(async () => (await watch(b.page, 1)).audioEnergy).toBeLessThan(1e-6);
  await a.pressOrChoose('Share your screen');
  await expect.poll(async () => (await watch(b.page, 1)).audioEnergy).toBeGreaterThan(0.01);
  await expect(b.page.getByText(`${anna.name}: microphone is off`)).toBeVisible();
  await a.inCall.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect.poll(async () => (await watch(b.page, 1)).audioEnergy).toBeLessThan(1e-6);
  await browser.close();
});
