/** The part of the tour through what admins see: with rules, with checks, with something not saved. */
import type { Page } from '@playwright/test';
import { Clerk } from './clerk.ts';
import { expect } from './fixtures.ts';
import { type Server, admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';
import type { Look, Tour } from './tour.ts';

export async function administration({ server, browser, options, look }: Tour): Promise<void> {
  await furnish(server);
  const c = await Staff.signIn(browser, server.url, admin, options);
  for (const section of ['users', 'calls', 'recording', 'network', 'files', 'mail', 'audit']) {
    await c.page.goto(`${server.url}/admin/${section}`);
    await expect(c.page.getByRole('navigation').getByRole('link', { name: 'Audit' })).toBeVisible();
    await loaded(c.page);
    await look(c.page, `admin-${section}`);
  }
  await rules(server, c, look);
  await recordingRule(server, c, look);
  await network(server, c, look);
  await c.close();
}

/** Nothing of it is a skeleton any more. */
async function loaded(page: Page): Promise<void> {
  await expect(page.getByRole('main').getByRole('heading').first()).toBeVisible();
  await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
}

/** A path policy, and checks with and without obstacles. */
async function furnish(server: Server): Promise<void> {
  const [ann, bob] = [await Clerk.signIn(server, anna), await Clerk.signIn(server, boris)];
  await server.api('PUT', '/api/admin/path-policy', {
    default: 'auto',
    rules: [
      { name: 'Филиал в Казани', match: { type: 'network', cidr: '10.2.0.0/16' }, policy: 'relayed' },
      { name: 'Managers', match: { type: 'role', role: 'manager' }, policy: 'media_node' },
      { name: 'Boris at home', match: { type: 'user', user_id: bob.id }, policy: 'direct' },
    ],
  });
  for (const [clerk, verdict, failed] of [[ann, 'ok', []], [bob, 'tls_only', ['udp', 'tcp', 'turn_udp', 'turn_tcp']], [ann, 'no_microphone', ['microphone']]] as const) {
    const { id } = await clerk.api<{ id: string }>('POST', '/api/connection-checks');
    const legs = ['signalling', 'udp', 'tcp', 'turn_udp', 'turn_tcp', 'turn_tls', 'media_node', 'microphone', 'camera', 'clock'];
    await clerk.api('PUT', `/api/connection-checks/${id}`, {
      legs: legs.map((leg) => ({ leg, ok: !(failed as readonly string[]).includes(leg), ms: 24 })),
      verdict,
      agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    });
  }
}

async function rules(server: Server, { page }: Staff, look: Look): Promise<void> {
  await page.goto(`${server.url}/admin/calls`);
  const tryOut = page.getByRole('region', { name: 'Try it on two people' });
  await tryOut.getByRole('combobox', { name: 'Who calls' }).selectOption({ label: 'Анна Орлова (anna)' });
  await tryOut.getByRole('combobox', { name: 'Whom' }).selectOption({ label: 'Boris Stone (boris)' });
  await page.getByRole('button', { name: 'Move Managers up' }).click();
  await expect(tryOut.getByRole('status')).toContainText('Rule “Managers”');
  await page.getByRole('list', { name: 'Rules' }).scrollIntoViewIfNeeded();
  await look(page, 'admin-rules');
  await tryOut.getByRole('status').scrollIntoViewIfNeeded();
  await look(page, 'admin-rules-tried');
  await page.getByRole('button', { name: 'Add a rule', exact: true }).click();
  const form = page.getByRole('dialog', { name: 'New rule' });
  await form.getByRole('textbox', { name: 'Network' }).fill('10.2.0/16');
  await form.getByRole('button', { name: 'Done' }).click();
  await expect(form.getByText('Give the rule a name.')).toBeVisible();
  await look(page, 'admin-rule');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Discard changes' }).click();
}

async function recordingRule(server: Server, { page }: Staff, look: Look): Promise<void> {
  await page.goto(`${server.url}/admin/recording`);
  await page.getByRole('button', { name: 'Add a rule', exact: true }).click();
  const form = page.getByRole('dialog', { name: 'New rule' });
  await form.getByText('On demand', { exact: true }).click();
  await form.getByRole('button', { name: 'Done' }).click();
  await expect(form.getByText('Give the rule a name.')).toBeVisible();
  await look(page, 'admin-recording-rule');
  await page.keyboard.press('Escape');
}

async function network(server: Server, { page }: Staff, look: Look): Promise<void> {
  await page.goto(`${server.url}/admin/network`);
  await page.getByRole('heading', { name: 'What failed' }).scrollIntoViewIfNeeded();
  await look(page, 'admin-network-day');
  await page.getByRole('heading', { name: 'Reaching the server' }).scrollIntoViewIfNeeded();
  await look(page, 'admin-network-reach');
  const check = page.getByRole('list', { name: 'Connection checks' }).locator(':scope > li').filter({ hasText: 'TLS only' });
  await check.getByText('All steps').click();
  await check.getByText('Clock').scrollIntoViewIfNeeded();
  await look(page, 'admin-checks');
}
