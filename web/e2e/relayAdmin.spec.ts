/** What admins decide about the path of calls, and what they see of calls and of connections. */
import type { Locator, Page } from '@playwright/test';
import { Clerk } from './clerk.ts';
import { expect, test } from './fixtures.ts';
import { type Server, admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const desktop = { viewport: { width: 1280, height: 800 } };

/** The section for the path policy, in the words of the screen. */
class PolicyPage {
  constructor(readonly page: Page, private readonly server: Server) {}

  async open(): Promise<void> {
    await this.page.goto(`${this.server.url}/admin/calls`);
    await expect(this.page.getByRole('radiogroup', { name: 'For all calls' })).toBeVisible();
  }

  get rules(): Locator {
    return this.page.getByRole('list', { name: 'Rules' }).getByRole('listitem');
  }

  get form(): Locator {
    return this.page.getByRole('dialog');
  }

  get unsaved(): Locator {
    return this.page.getByRole('region', { name: 'Changes are not saved' });
  }

  /** What the try-out says. */
  get decision(): Locator {
    return this.page.getByRole('region', { name: 'Try it on two people' }).getByRole('status');
  }

  async add(name: string, match: { network: string } | { role: string } | { person: string }, policy: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Add a rule', exact: true }).click();
    await this.form.getByLabel('Name').fill(name);
    if ('network' in match) await this.form.getByRole('textbox', { name: 'Network' }).fill(match.network);
    if ('role' in match) {
      await this.form.getByRole('radio', { name: 'Role' }).check({ force: true });
      await this.form.getByRole('combobox', { name: 'Role' }).selectOption(match.role);
    }
    if ('person' in match) {
      await this.form.getByRole('radio', { name: 'Person' }).check({ force: true });
      await this.form.getByRole('combobox', { name: 'Person' }).selectOption({ label: match.person });
    }
    await this.form.getByRole('radio', { name: policy, exact: true }).check();
    await this.form.getByRole('button', { name: 'Done' }).click();
    await expect(this.form).toBeHidden();
  }

  async save(): Promise<void> {
    await this.unsaved.getByRole('button', { name: 'Save' }).click();
    await expect(this.unsaved).toBeHidden();
  }
}

for (const [device, look] of [['desktop', desktop], ['phone', phone]] as const) {
  test(`rules are made, ordered, tried and saved: ${device}`, async ({ server, staffBrowser }) => {
    const c = await Staff.signIn(staffBrowser, server.url, admin, look);
    const policy = new PolicyPage(c.page, server);
    await policy.open();
    await expect(c.page.getByText('There are no rules')).toBeVisible();
    await policy.add('Office', { network: '10.2.0.0/16' }, 'Direct');
    await policy.add('Boris', { person: 'Boris Stone (boris)' }, 'Through the media node');
    await policy.add('Managers', { role: 'manager' }, 'Through the server (end-to-end encrypted)');
    await expect(policy.rules).toHaveText([/Office.*Network 10\.2\.0\.0\/16.*Direct/, /Boris.*Boris Stone.*Media node/, /Managers.*Role “Manager”.*Relayed/]);

    // The draft decides, though nothing of it holds yet: Boris sits in the office.
    const tryOut = c.page.getByRole('region', { name: 'Try it on two people' });
    await tryOut.getByRole('combobox', { name: 'Who calls' }).selectOption({ label: 'Анна Орлова (anna)' });
    await tryOut.getByRole('combobox', { name: 'Whom' }).selectOption({ label: 'Boris Stone (boris)' });
    await tryOut.getByLabel('Address').nth(1).fill('10.2.0.7');
    await expect(policy.decision).toContainText('The call: Direct');
    await expect(policy.decision).toContainText('Boris Stone: Direct · Rule “Office”');
    await expect(policy.decision).toContainText('Анна Орлова: Direct · The choice for all calls');
    expect(await server.api('GET', '/api/admin/path-policy')).toEqual({ default: 'direct', rules: [] });

    // By keys, and the focus stays with the rule.
    await policy.rules.getByRole('button', { name: 'Move Boris up' }).focus();
    await c.page.keyboard.press('Enter');
    await expect(c.page.getByText('“Boris” is now 1 of 3')).toBeAttached();
    await expect(policy.rules.getByRole('button', { name: 'Move Boris down' })).toBeFocused();
    await expect(policy.decision).toContainText('The call: Media node');
    await expect(policy.decision).toContainText('Rule “Boris”');

    // A look at another section takes nothing away.
    await c.page.getByRole('link', { name: 'Audit' }).click();
    await c.page.getByRole('link', { name: 'Calls', exact: true }).click();
    await expect(policy.unsaved).toBeVisible();
    await policy.save();
    await c.page.reload();
    await expect(policy.rules).toHaveText([/Boris/, /Office/, /Managers/]);
    await expect(policy.unsaved).toBeHidden();

    await policy.rules.getByRole('button', { name: 'Delete Office' }).click();
    await expect(policy.rules).toHaveText([/Boris/, /Managers/]);
    await policy.unsaved.getByRole('button', { name: 'Discard changes' }).click();
    await expect(policy.rules).toHaveCount(3);
    await c.page.getByRole('link', { name: 'Audit' }).click();
    await expect(c.page.getByText('Added the rule “Boris”: Boris Stone, Media node')).toBeVisible();
  });
}

test('what makes no sense is said at its field, and what the server refuses at its rule', async ({ server, staffBrowser }) => {
  const c = await Staff.signIn(staffBrowser, server.url, admin);
  const policy = new PolicyPage(c.page, server);
  await policy.open();
  await policy.add('Office', { network: '10.2.0.0/16' }, 'Direct');
  await c.page.getByRole('button', { name: 'Add a rule', exact: true }).click();
  await policy.form.getByRole('button', { name: 'Done' }).click();
  await expect(policy.form.getByRole('textbox', { name: 'Name' })).toBeFocused();
  await expect(policy.form.getByText('Give the rule a name.')).toBeVisible();
  await policy.form.getByRole('textbox', { name: 'Name' }).fill('Office');
  await expect(policy.form.getByText('There is a rule of that name already.')).toBeVisible();
  for (const [typed, said] of [['10.2.0/16', 'This is no address.'], ['10.2.0.0/33', 'How many bits'], ['', 'Enter a network.']] as const) {
    await policy.form.getByRole('textbox', { name: 'Network' }).fill(typed);
    await expect(policy.form.getByText(said)).toBeVisible();
  }
  // No hint of it in the page: the server alone looks for what cannot be seen.
  await policy.form.getByRole('textbox', { name: 'Name' }).fill('Wi\u0085Fi');
  await policy.form.getByRole('textbox', { name: 'Network' }).fill('10.3.0.0/16');
  await policy.form.getByRole('button', { name: 'Done' }).click();
  await policy.unsaved.getByRole('button', { name: 'Save' }).click();
  await expect(policy.rules.nth(1).getByRole('alert')).toHaveText('The name of a rule: 1 to 80 characters.');
  await expect(policy.rules.nth(0).getByRole('alert')).toHaveCount(0);
  await expect(policy.unsaved).toContainText('Not saved.');
  await policy.rules.nth(1).getByRole('button', { name: /^Edit/ }).click();
  await policy.form.getByRole('textbox', { name: 'Name' }).fill('Wi-Fi');
  await policy.form.getByRole('button', { name: 'Done' }).click();
  await expect(policy.rules.getByRole('alert')).toHaveCount(0);
  await policy.save();
  await expect(policy.rules).toHaveText([/Office/, /Wi-Fi/]);
});

test('a rule holds for the next call, whose details name it; the call is seen, and moved', async ({ server, staffBrowser, two: { a, b } }) => {
  const c = await Staff.signIn(staffBrowser, server.url, admin);
  const policy = new PolicyPage(c.page, server);
  await policy.open();
  await policy.add('This machine', { network: '127.0.0.0/8' }, 'Direct');
  await policy.save();
  await c.page.getByRole('link', { name: 'Network' }).click();
  await expect(c.page.getByText('Nobody is in a call now.')).toBeVisible();

  await a.openChat(boris.name);
  await a.call('Call');
  await b.accept();
  await Promise.all([a.connected(), b.connected()]);
  await a.pathBadge.click();
  await a.inCall.getByRole('button', { name: 'Details of the call' }).click();
  const details = a.inCall.getByRole('region', { name: 'Details of the call' });
  await expect(details).toContainText('This machine');

  const row = c.page.getByRole('list', { name: 'Live calls' }).getByRole('listitem');
  await expect(row).toHaveText(/Анна Орлова and Boris Stone.*since .*rule “This machine”.*Direct/);
  await row.getByRole('button', { name: 'Move to the media node: Анна Орлова and Boris Stone' }).click();
  await c.page.getByRole('dialog').getByRole('button', { name: 'To the media node' }).click();
  await expect(row).toContainText('Media node');
  await expect(row.getByRole('button')).toHaveCount(0);
  for (const staff of [a, b]) await expect(staff.inCall.getByRole('button', { name: 'Media node' })).toBeVisible();
  await expect.poll(async () => (await server.report()).media_packets_out).toBeGreaterThan(0);
  await a.hangUp();
  await expect(c.page.getByText('Nobody is in a call now.')).toBeVisible();
  await c.page.getByRole('link', { name: 'Audit' }).click();
  await expect(c.page.getByText('Moved the call of Анна Орлова and Boris Stone: Direct → Media node')).toBeVisible();
});

const LEGS = ['signalling', 'udp', 'tcp', 'turn_udp', 'turn_tcp', 'turn_tls', 'media_node', 'microphone', 'camera', 'clock'];
const AGENT = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';

/** A check as the page of somebody would store it. */
async function check(clerk: Pick<Clerk, 'api'>, verdict: string, failed: string[]): Promise<void> {
  const { id } = await clerk.api<{ id: string }>('POST', '/api/connection-checks');
  const legs = LEGS.map((leg) => (failed.includes(leg) ? { leg, ok: false, detail: 'no answer' } : { leg, ok: true, ms: 12 }));
  await clerk.api('PUT', `/api/connection-checks/${id}`, { legs, verdict, agent: AGENT });
}

test('what staff found when they checked their connection', async ({ server, staffBrowser }) => {
  const c = await Staff.signIn(staffBrowser, server.url, admin);
  await c.page.goto(`${server.url}/admin/network`);
  await expect(c.page.getByText('No checks yet.')).toBeVisible();
  const [ann, bob] = [await Clerk.signIn(server, anna), await Clerk.signIn(server, boris)];
  // More than fit on one page; of one person only so many at once.
  for (let i = 0; i < 9; i += 1) for (const clerk of [ann, bob]) await check(clerk, 'ok', []);
  for (let i = 0; i < 3; i += 1) await check(server, 'ok', []);
  await check(ann, 'tls_only', ['udp', 'tcp', 'turn_udp', 'turn_tcp']);
  await c.page.reload();
  const rows = c.page.getByRole('list', { name: 'Connection checks' }).locator(':scope > li');
  await expect(rows).toHaveCount(20);
  const first = rows.first();
  await expect(first).toContainText(anna.name);
  await expect(first).toContainText('The network lets out TLS only.');
  await expect(first).toContainText('Checked by hand');
  await expect(first).toContainText('Chrome, Windows');
  await expect(first.getByRole('list', { name: 'What failed' }).getByRole('listitem')).toHaveText(['UDP', 'TCP to the media node', 'Relay over UDP', 'Relay over TCP']);
  await first.getByText('All steps').click();
  const steps = first.getByRole('list', { name: /^Steps of the check/ });
  await expect(steps.getByRole('listitem')).toHaveCount(LEGS.length);
  await expect(steps).toContainText('Relay over TLS · 12 ms');
  await expect(steps.getByRole('listitem').filter({ hasText: 'no answer' }).getByRole('img', { name: 'failed' })).toHaveCount(4);
  await c.page.getByRole('button', { name: 'Show earlier ones' }).click();
  await expect(rows).toHaveCount(22);
  await expect(c.page.getByRole('button', { name: 'Show earlier ones' })).toHaveCount(0);
  await c.page.getByText('With obstacles', { exact: true }).click();
  await expect(rows).toHaveCount(1);

  // The day's sums are of the same.
  const day = c.page.getByRole('region', { name: 'Last 24 hours' });
  await expect(day.getByRole('region', { name: 'What the checks said' }).getByRole('listitem')).toHaveText([/Everything works21/, /TLS only.*1/]);
  await expect(day.getByRole('region', { name: 'What failed' }).getByRole('listitem')).toHaveCount(4);
  await expect(day.getByRole('table', { name: 'Passed on by the server, by hour' }).getByRole('row')).toHaveCount(25);
});

test('the page says when it is no longer renewed, and goes on by itself', async ({ server, staffBrowser }) => {
  const c = await Staff.signIn(staffBrowser, server.url, admin);
  await c.page.goto(`${server.url}/admin/network`);
  await expect(c.page.getByText('Renewed every 5 seconds.')).toBeVisible();
  await c.page.route('**/api/admin/relay?*', (route) => route.fulfill({ status: 503, json: { code: 'unavailable', message: 'no' } }));
  await expect(c.page.getByText('Not renewed: the server does not answer.')).toBeVisible({ timeout: 30_000 });
  await expect(c.page.getByText('Nobody is in a call now.')).toBeVisible();
  await c.page.unroute('**/api/admin/relay?*');
  await expect(c.page.getByText('Renewed every 5 seconds.')).toBeVisible();
});

test('none of it is for those who are no admins', async ({ server, staffBrowser }) => {
  const manager = await Clerk.signIn(server, boris);
  const [{ id: me }] = await server.api<[{ id: string }]>('GET', '/api/users');
  const end = { user_id: me };
  const routes: [string, string, unknown?][] = [
    ['GET', '/api/admin/path-policy'],
    ['PUT', '/api/admin/path-policy', { default: 'direct', rules: [] }],
    ['POST', '/api/admin/path-policy/try', { caller: end, callee: end }],
    ['POST', `/api/admin/calls/${me}/path`, { path: 'media_node' }],
    ['GET', '/api/admin/relay'],
    ['GET', '/api/admin/connection-checks'],
  ];
  for (const [method, route, body] of routes) await expect(manager.api(method, route, body), route).rejects.toThrow(/: 403 /);
  const b = await Staff.signIn(staffBrowser, server.url, boris);
  for (const section of ['calls', 'network']) {
    await b.page.goto(`${server.url}/admin/${section}`);
    await expect(b.page.getByRole('tab', { name: 'Chats' })).toBeVisible();
    await expect(b.page.getByRole('heading', { name: 'Administration' })).toHaveCount(0);
  }
});
