/** The messages of a chat: what one does with them, what is new, how far they came, and a history of any length. */
import type { Locator, Page } from '@playwright/test';
import { Clerk, textOf } from './clerk.ts';
import { expect, test } from './fixtures.ts';
import { anna, boris, type Server } from './server.ts';
import { Staff } from './staff.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** The row of the message with this text. */
function row({ messages }: Staff, text: string | RegExp): Locator {
  return messages.getByRole('article').filter({ hasText: text });
}

async function choose(staff: Staff, text: string, action: string): Promise<void> {
  // The first: replies below it quote it.
  await row(staff, text).first().hover();
  await row(staff, text).first().getByRole('button', { name: 'Message menu' }).click();
  await staff.page.getByRole('menuitem', { name: action, exact: true }).click();
}

/** Anna and Boris have written so much to each other. */
async function correspond(server: Server, count: number): Promise<{ a: Clerk; b: Clerk; chat: string; seqs: number[] }> {
  const [a, b] = [await Clerk.signIn(server, anna), await Clerk.signIn(server, boris)];
  const chat = await a.chatWith(b);
  const seqs: number[] = [];
  for (let i = 1; i <= count; i += 1) seqs.push((await (i % 3 === 0 ? b : a).write(chat, textOf(i))).seq);
  return { a, b, chat, seqs };
}

test.describe('what one does with a message', () => {
  test('is replied to with a quote, edited and deleted, and the other sees it at once', async ({ two: { a, b } }) => {
    await a.openChat(boris.name);
    await b.openChat(anna.name);
    await a.write('The contract is ready');
    await expect(row(b, 'The contract is ready')).toBeVisible();

    await choose(b, 'The contract is ready', 'Reply');
    await b.write('Send it to me');
    const quote = row(a, 'Send it to me').getByRole('button', { name: /The contract is ready/ });
    await expect(quote).toBeVisible();

    await choose(a, 'The contract is ready', 'Edit');
    await expect(a.input).toHaveValue('The contract is ready');
    await a.input.fill('The contract is signed');
    await a.input.press('Enter');
    await expect(b.messages.getByText('edited')).toBeVisible();
    await expect(row(b, 'Send it to me').getByRole('button', { name: /The contract is signed/ })).toBeVisible();

    await choose(a, 'edited', 'Details');
    await expect(a.page.getByRole('dialog').getByText('The contract is ready')).toBeVisible();
    await a.page.keyboard.press('Escape');

    await choose(a, 'edited', 'Delete');
    await a.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expect(b.messages.getByText('Message deleted')).toHaveCount(2);
    await expect(b.messages.getByText('The contract is signed')).toHaveCount(0);
  });

  test('is copied, and everything works by keyboard', async ({ two: { a } }) => {
    await a.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await a.openChat(boris.name);
    for (const text of ['first', 'second', 'third']) await a.write(text);
    await expect(row(a, 'third').getByRole('img', { name: 'Sent' })).toBeVisible();
    await a.messages.focus();
    await a.page.keyboard.press('ArrowUp');
    await expect(row(a, 'third')).toBeFocused();
    await a.page.keyboard.press('ArrowUp');
    await expect(row(a, 'second')).toBeFocused();
    await a.page.keyboard.press('Enter');
    await expect(a.page.getByRole('menu')).toBeVisible();
    await a.page.keyboard.press('Escape');
    await expect(row(a, 'second')).toBeFocused();
    await a.page.keyboard.press('c');
    await expect(a.page.getByText('Copied')).toBeVisible();
    expect(await a.page.evaluate(() => navigator.clipboard.readText())).toBe('second');
    await a.page.keyboard.press('r');
    await expect(a.input).toBeFocused();
    await a.page.keyboard.type('by keyboard');
    await a.page.keyboard.press('Enter');
    await expect(row(a, 'by keyboard').getByRole('button', { name: /second/ })).toBeVisible();
  });

  test('on a phone a long press opens the menu, and does not select', async ({ server, staffBrowser }) => {
    const { chat } = await correspond(server, 3);
    const a = await Staff.signIn(staffBrowser, server.url, anna, phone);
    await a.page.goto(`${server.url}/chat/${chat}`);
    const box = await row(a, 'message 2').locator('[data-bubble]').boundingBox();
    if (box === null) throw new Error('the bubble is not there');
    const devtools = await a.context.newCDPSession(a.page);
    const at = { x: box.x + 30, y: box.y + 15 };
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] });
    await expect(a.page.getByRole('menu')).toBeVisible();
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await expect(a.page.getByRole('menu')).toBeVisible();
    expect(await a.page.evaluate(() => getSelection()?.toString())).toBe('');
    const item = a.page.getByRole('menuitem', { name: 'Reply' });
    expect((await item.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await item.tap();
    await a.write('from the phone');
    await expect(row(a, 'from the phone').getByRole('button', { name: /message 2/ })).toBeVisible();
    await a.close();
  });
});

test.describe('what is new', () => {
  test('is counted, stands below a line, and is read when it is seen', async ({ server, staffBrowser }) => {
    const { a, chat } = await correspond(server, 30);
    const b = await Staff.signIn(staffBrowser, server.url, boris);
    await b.page.goto(`${server.url}/chat/${chat}`);
    await expect(row(b, /message 30 /)).toBeInViewport();
    await b.page.goto(server.url);
    for (let i = 31; i <= 70; i += 1) await a.write(chat, textOf(i));

    const anne = await Staff.signIn(staffBrowser, server.url, anna);
    await anne.page.goto(`${server.url}/chat/${chat}`);
    await expect(row(anne, /message 70 /).getByRole('img', { name: 'Sent' })).toBeVisible();

    await b.page.goto(`${server.url}/chat/${chat}`);
    const line = b.messages.getByRole('separator', { name: 'New messages' });
    await expect(line).toBeInViewport();
    await expect(row(b, /message 31 /)).toBeInViewport();
    await expect(row(b, /message 70 /)).not.toBeInViewport();
    const jump = b.page.getByRole('button', { name: /new messages$/ });
    await expect(jump).toBeVisible();
    await expect(row(anne, /message 31 /).getByRole('img', { name: 'Read' })).toBeAttached();
    await expect(row(anne, /message 70 /).getByRole('img', { name: 'Sent' })).toBeVisible();
    await jump.click();
    await expect(row(b, /message 70 /)).toBeInViewport();
    await expect(row(anne, /message 70 /).getByRole('img', { name: 'Read' })).toBeVisible();
    await expect(b.page.getByRole('button', { name: 'To the newest messages' })).toBeHidden();
    await anne.close();
    await b.close();
  });

  test('does not move one who reads further up; a button says how many came', async ({ server, staffBrowser }) => {
    const { b: clerk, chat } = await correspond(server, 60);
    const a = await Staff.signIn(staffBrowser, server.url, anna);
    await a.page.goto(`${server.url}/chat/${chat}`);
    await expect(row(a, /message 60 /)).toBeInViewport();
    await a.messages.evaluate((pane) => pane.scrollBy(0, -1_500));
    await expect(a.page.getByRole('button', { name: 'To the newest messages' })).toBeVisible();
    const place = await standing(a.page);
    await clerk.write(chat, 'one more');
    await clerk.write(chat, 'and another');
    await expect(a.page.getByRole('button', { name: '2 new messages' })).toBeVisible();
    expect(await moved(a.page, place)).toBeLessThan(1);
    await a.page.getByRole('button', { name: '2 new messages' }).click();
    await expect(row(a, 'and another')).toBeInViewport();
    await expect(a.messages.getByRole('separator', { name: 'New messages' })).toBeInViewport();
    await a.close();
  });
});

interface Standing {
  key: string;
  top: number;
}

/** The first row that is wholly in sight, and where it stands. */
function standing(page: Page): Promise<Standing> {
  return page.getByRole('log').evaluate((pane) => {
    const top = pane.getBoundingClientRect().top;
    const first = [...pane.querySelectorAll<HTMLElement>('[data-key]')].find((one) => one.getBoundingClientRect().top >= top);
    return { key: first?.dataset['key'] ?? '', top: first?.getBoundingClientRect().top ?? 0 };
  });
}

async function moved(page: Page, { key, top }: Standing): Promise<number> {
  const box = await page.locator(`[data-key="${key}"]`).boundingBox();
  return Math.abs((box?.y ?? Infinity) - top);
}

interface Walk {
  /** How far rows that stayed in sight were from where scrolling should have put them, at the worst. */
  worst: number;
  steps: number;
  mostRows: number;
  longestFrame: number;
}

/** Scrolls to one end of the conversation, more than half a screen at a time, and looks at each step where the rows are. */
function walk(page: Page, direction: -1 | 1, done: string, most = 4_000): Promise<Walk> {
  return page.getByRole('log').evaluate(
    async (pane, [way, last, limit]) => {
      const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      const rows = (): HTMLElement[] => [...pane.querySelectorAll<HTMLElement>('[data-key]')];
      const result = { worst: 0, steps: 0, mostRows: 0, longestFrame: 0 };
      // What one sees of a row; the space above it may change with the message before it.
      const topOf = (one: HTMLElement): number => (one.querySelector('[data-bubble]') ?? one).getBoundingClientRect().top;
      const step = Math.round(pane.clientHeight * 0.6);
      while (result.steps < limit) {
        const before = pane.scrollTop;
        const box = pane.getBoundingClientRect();
        const seen = rows().find((one) => one.getBoundingClientRect().bottom > box.top + box.height / 2);
        const key = seen?.dataset['key'];
        const top = seen === undefined ? 0 : topOf(seen);
        pane.scrollTop += way * step;
        const went = pane.scrollTop - before;
        const began = await frame();
        result.longestFrame = Math.max(result.longestFrame, (await frame()) - began);
        const now = rows().find((one) => one.dataset['key'] === key);
        if (now !== undefined) result.worst = Math.max(result.worst, Math.abs(top - went - topOf(now)));
        else result.worst = Infinity;
        result.steps += 1;
        result.mostRows = Math.max(result.mostRows, rows().length);
        if (went === 0 && pane.textContent.includes(last)) break;
      }
      return result;
    },
    [direction, done, most] as const,
  );
}

test.describe('a long history', () => {
  test.slow();

  test('scrolls up and down without a jump, with few rows in the document', async ({ server, staffBrowser }) => {
    const { chat, seqs } = await correspond(server, 5_000);
    const a = await Staff.signIn(staffBrowser, server.url, anna);
    await a.page.goto(`${server.url}/chat/${chat}`);
    await expect(row(a, 'message 5000 ')).toBeInViewport();
    // Through more than is kept in memory.
    const up = await walk(a.page, -1, 'The beginning of this chat', 500);
    test.info().annotations.push({ type: 'walk up', description: JSON.stringify(up) });
    expect(up.worst).toBeLessThan(1.5);
    expect(up.mostRows).toBeLessThan(200);
    const down = await walk(a.page, 1, 'message 5000 ');
    test.info().annotations.push({ type: 'walk down', description: JSON.stringify(down) });
    expect(down.worst).toBeLessThan(1.5);
    await expect(row(a, 'message 5000 ')).toBeInViewport();
    await expect(a.page.getByRole('button', { name: 'To the newest messages' })).toBeHidden();
    await a.page.goto(`${server.url}/chat/${chat}/${seqs[0]}`);
    await expect(row(a, /message 1 /)).toBeInViewport();
    await expect(a.messages.getByText('The beginning of this chat')).toBeVisible();
    await a.close();
  });

  test('does so on a phone, to its very beginning', async ({ server, staffBrowser }) => {
    const { chat } = await correspond(server, 300);
    const a = await Staff.signIn(staffBrowser, server.url, anna, phone);
    await a.page.goto(`${server.url}/chat/${chat}`);
    await expect(row(a, 'message 300 ')).toBeInViewport();
    const up = await walk(a.page, -1, 'The beginning of this chat');
    await expect(row(a, /message 1 /)).toBeInViewport();
    const down = await walk(a.page, 1, 'message 300 ');
    await expect(row(a, 'message 300 ')).toBeInViewport();
    test.info().annotations.push({ type: 'walks', description: JSON.stringify({ up, down }) });
    expect(Math.max(up.worst, down.worst)).toBeLessThan(1.5);
    await a.close();
  });

  test('is jumped through: by address, by a quote, and back to the newest', async ({ server, staffBrowser }) => {
    const { a: clerk, chat, seqs } = await correspond(server, 400);
    const first = await clerk.api<{ messages: { id: string }[] }>('GET', `/api/conversations/${chat}/messages?around=${seqs[9]}&limit=2`);
    await clerk.write(chat, 'far away reply', first.messages[0]?.id);
    const a = await Staff.signIn(staffBrowser, server.url, anna);
    await a.page.goto(`${server.url}/chat/${chat}/${seqs[99]}`, { waitUntil: 'commit' });
    // It is marked for a moment: looked for in the page, at each frame.
    await a.page.waitForFunction(() => document.querySelector('[role=article].bg-accent-soft')?.textContent.includes('message 100 '));
    await expect(row(a, /message 100 /)).toBeInViewport();
    await expect(row(a, /message 100 /)).not.toHaveClass(/(^| )bg-accent-soft/);

    await a.page.getByRole('button', { name: 'To the newest messages' }).click();
    await expect(row(a, 'far away reply')).toBeInViewport();
    await row(a, 'far away reply').getByRole('button').first().click();
    await expect(row(a, /message 10 /)).toBeInViewport();
    await expect(row(a, 'far away reply')).toHaveCount(0);

    // Somebody writes meanwhile: it is counted, and nothing moves.
    await a.write('and here is mine');
    await expect(row(a, 'and here is mine')).toBeInViewport();
    await expect(row(a, 'far away reply')).toBeInViewport();
    await a.close();
  });
});

test.describe('a bad line', () => {
  test('what is written without a network waits in its order, and arrives once', async ({ two: { a, b } }) => {
    await a.openChat(boris.name);
    await b.openChat(anna.name);
    await a.write('before');
    await expect(row(b, 'before')).toBeVisible();
    await a.context.setOffline(true);
    for (const text of ['one', 'two', 'three']) await a.write(text);
    await expect(row(a, 'three').getByRole('img', { name: 'Sending' })).toBeVisible();
    await a.context.setOffline(false);
    await expect(row(b, 'three')).toBeVisible({ timeout: 30_000 });
    const texts = await b.messages.getByRole('article').locator('[data-bubble]').allInnerTexts();
    expect(texts.map((text) => text.split('\n')[0]?.match(/before|one|two|three/)?.[0])).toEqual(['before', 'one', 'two', 'three']);
    await expect(row(a, 'three').getByRole('img', { name: /^(Sent|Read)$/ })).toBeVisible();
  });

  test('what the server refuses says why, and is tried again or thrown away', async ({ two: { a, b } }) => {
    await a.openChat(boris.name);
    await b.openChat(anna.name);
    const refuse = { status: 422, contentType: 'application/json', body: '{"code":"bad_text","message":"no"}' };
    await a.page.route('**/messages', (route) => (route.request().method() === 'POST' ? route.fulfill(refuse) : route.fallback()));
    await a.write('refused');
    await a.write('refused too');
    await expect(a.messages.getByRole('alert')).toHaveCount(2);
    await a.page.unroute('**/messages');
    await row(a, 'refused too').getByRole('button', { name: 'Delete' }).click();
    await expect(row(a, 'refused too')).toHaveCount(0);
    await row(a, 'refused').getByRole('button', { name: 'Try again' }).click();
    await expect(row(b, 'refused')).toHaveCount(1);
    await expect(a.messages.getByRole('alert')).toHaveCount(0);
  });

  test('of two tabs the one sends what the other left', async ({ two: { a, b } }) => {
    await a.openChat(boris.name);
    await b.openChat(anna.name);
    const other = await a.context.newPage();
    await other.goto(a.page.url());
    await expect(other.getByRole('log')).toBeVisible();
    await a.context.setOffline(true);
    await a.write('left behind');
    await expect(other.getByRole('log').getByText('left behind')).toHaveCount(1);
    await a.page.close();
    await a.context.setOffline(false);
    await expect(row(b, 'left behind')).toBeVisible({ timeout: 30_000 });
    await expect(row(b, 'left behind')).toHaveCount(1);
    await expect(other.getByRole('log').getByText('left behind')).toHaveCount(1);
  });
});
