/** Files in the chat: brought there over good and bad lines, shown, opened, kept from running. */
import type { Page } from '@playwright/test';
import { avif, carried, drawn, filmed, gif, isDrawn, noise, png, sha256, text, type Picked } from './files.ts';
import { expect, test } from './fixtures.ts';
import { Line } from './line.ts';
import { freePort } from './ports.ts';
import { Server, anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const pick = (page: Page, files: Picked[]): Promise<void> => page.locator('form input[type=file][multiple]').setInputFiles(files);
const tray = (page: Page) => page.getByRole('list', { name: 'Files to send' });
const send = (page: Page): Promise<void> => page.getByRole('button', { name: 'Send', exact: true }).click();
const image = (staff: Staff, name: string) => staff.messages.getByRole('img', { name, exact: true });

/** A server behind a line that can be cut; all three tests of bad lines begin like this. */
async function behindALine(): Promise<{ server: Server; line: Line }> {
  const [outer, inner] = [await freePort(), await freePort()];
  const line = await Line.open(outer, inner);
  const server = await Server.start({ url: `http://localhost:${String(outer)}`, listen: `127.0.0.1:${String(inner)}` });
  await server.setUp();
  await server.add(anna);
  await server.add(boris);
  return { server, line };
}

/** What the server says it has, each time this page asks where to go on with an upload. */
function resumedAt(page: Page): number[] {
  const offsets: number[] = [];
  page.on('response', (response) => {
    const offset = response.headers()['upload-offset'];
    if (response.request().method() === 'HEAD' && offset !== undefined) offsets.push(Number(offset));
  });
  return offsets;
}

/** What the reader gets of a file, by its link in the chat. */
async function downloaded(reader: Staff, name: string): Promise<Buffer> {
  const link = reader.messages.getByRole('link', { name: `Download ${name}` });
  const [download] = await Promise.all([reader.page.waitForEvent('download'), link.click()]);
  expect(download.suggestedFilename()).toBe(name);
  const chunks: Buffer[] = [];
  for await (const part of await download.createReadStream()) chunks.push(part as Buffer);
  return Buffer.concat(chunks);
}

for (const [device, options] of [['desktop', {}], ['phone', phone]] as const) {
  test(`${device}: several pictures of every kind go with one message and stand as an album`, async ({ server, staffBrowser }) => {
    const a = await Staff.signIn(staffBrowser, server.url, anna, options);
    const b = await Staff.signIn(staffBrowser, server.url, boris, options);
    await a.openChat(boris.name);
    await b.openChat(anna.name);
    const pictures = [
      png('wide.png', 800, 400), gif('moves.gif'), avif('small.avif'),
      await drawn(a.page, 'photo.jpg', 'image/jpeg'), await drawn(a.page, 'web.webp', 'image/webp'),
    ];
    await pick(a.page, pictures);
    await expect(tray(a.page).getByText('wide.png')).toBeVisible();
    await a.input.fill('five pictures');
    await send(a.page);
    await expect(tray(a.page)).toBeHidden();
    for (const staff of [a, b]) {
      await expect(staff.messages.getByText('five pictures')).toBeVisible();
      for (const { name } of pictures) {
        await expect(staff.messages.getByRole('link', { name: `Image: ${name}` })).toBeVisible();
        await expect.poll(() => isDrawn(image(staff, name))).toBe(true);
      }
    }
    // What moves is shown as it is, everything else by its small thumbnail.
    await expect(image(b, 'moves.gif')).toHaveAttribute('src', /\/api\/attachments\/[^/]+$/);
    await expect(image(b, 'wide.png')).toHaveAttribute('src', /\/thumbnail$/);
    const width = await b.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(width).toBeLessThanOrEqual(0);
    await a.close();
    await b.close();
  });
}

test('a picture has its box before it comes, and a click opens the original in a new tab', async ({ two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  const original = png('plan.png', 1600, 900);
  let open: () => void = () => undefined;
  const held = new Promise<void>((resolve) => { open = resolve; });
  await b.page.route('**/thumbnail', async (route) => {
    await held;
    await route.continue();
  });
  await pick(a.page, [original]);
  await send(a.page);
  const link = b.messages.getByRole('link', { name: 'Image: plan.png' });
  await expect(link).toBeVisible();
  const before = await link.boundingBox();
  open();
  await expect.poll(() => isDrawn(image(b, 'plan.png'))).toBe(true);
  expect(await link.boundingBox()).toEqual(before);
  expect((before?.width ?? 0) / (before?.height ?? 1)).toBeCloseTo(16 / 9, 1);

  const [tab] = await Promise.all([b.context.waitForEvent('page'), link.click()]);
  await tab.waitForLoadState();
  const size = await tab.evaluate(() => {
    const shown = document.querySelector('img');
    return [shown?.naturalWidth, shown?.naturalHeight];
  });
  expect(size).toEqual([1600, 900]);
});

test('a video plays in the chat, in its own shape', async ({ two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  await pick(a.page, [await filmed(a.page, 'clip.webm')]);
  await send(a.page);
  const video = b.messages.getByLabel('Video: clip.webm');
  await expect(video).toBeVisible();
  const box = await video.boundingBox();
  expect((box?.width ?? 0) / (box?.height ?? 1)).toBeCloseTo(16 / 9, 1);
  await expect(video).toHaveAttribute('preload', 'metadata');
  const played = await video.evaluate(async (element: HTMLVideoElement) => {
    const moved = new Promise<number>((resolve) => {
      element.ontimeupdate = () => { if (element.currentTime > 0.3) resolve(element.currentTime); };
    });
    await element.play();
    return [await moved, element.videoWidth, element.videoHeight];
  });
  expect(played[0]).toBeGreaterThan(0.3);
  expect(played.slice(1)).toEqual([320, 180]);
});

test('any other file shows its name and size and is downloaded whole', async ({ two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  const report = noise('Отчёт за квартал.xlsx', 123_456);
  await pick(a.page, [report, text('empty.txt', '')]);
  await send(a.page);
  await expect(b.messages.getByText('Отчёт за квартал.xlsx')).toBeVisible();
  await expect(b.messages.getByText('123 kB')).toBeVisible();
  expect(sha256(await downloaded(b, report.name))).toBe(sha256(report.buffer));
  expect((await downloaded(b, 'empty.txt')).length).toBe(0);
});

test('files are dropped anywhere on the chat, and pasted', async ({ two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  const dropped = await carried(a.page, [text('dropped.txt', 'one'), text('too.txt', 'two')]);
  await a.messages.dispatchEvent('dragenter', { dataTransfer: dropped });
  await expect(a.page.getByText('Drop files to attach them')).toBeVisible();
  await a.messages.dispatchEvent('drop', { dataTransfer: dropped });
  await expect(a.page.getByText('Drop files to attach them')).toBeHidden();
  const pasted = await carried(a.page, [png('screen.png', 64, 64)]);
  await a.input.evaluate((element, clipboardData) => {
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, pasted);
  await expect(tray(a.page).getByRole('button', { name: /^Remove/ })).toHaveCount(3);
  await tray(a.page).getByRole('button', { name: 'Remove too.txt' }).click();
  await send(a.page);
  await expect(b.messages.getByText('dropped.txt')).toBeVisible();
  await expect(image(b, 'screen.png')).toBeVisible();
  await expect(b.messages.getByText('too.txt')).toHaveCount(0);
});

test('text that brings its own picture is pasted as text', async ({ two: { a } }) => {
  await a.openChat(boris.name);
  const pasted = await carried(a.page, [png('cells.png', 8, 8)]);
  await pasted.evaluate((transfer) => { transfer.setData('text/plain', 'A1\tB1'); });
  const taken = await a.input.evaluate((element, clipboardData) => !element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })), pasted);
  expect(taken).toBe(false);
  await expect(tray(a.page)).toBeHidden();
});

test('a broken line is mended: the upload goes on where it broke off, and the message follows it', async ({ staffBrowser }) => {
  const { server, line } = await behindALine();
  try {
    const b = await Staff.signIn(staffBrowser, server.url, boris);
    const a = await Staff.signIn(staffBrowser, server.url, anna);
    await a.openChat(boris.name);
    await b.openChat(anna.name);
    const big = noise('backup.bin', 12_000_000);
    const offsets = resumedAt(a.page);
    // Slow enough for the server to keep up: what lies in buffers when the line breaks is lost.
    line.slow(4_000_000);
    line.cutAfter(5_000_000);
    await pick(a.page, [big]);
    await a.input.fill('the backup');
    await send(a.page);
    await expect.poll(() => line.isCut).toBe(true);
    const outgoing = a.messages.getByRole('progressbar', { name: 'Uploading backup.bin' });
    await expect(outgoing).toBeVisible();
    await expect(a.messages.getByText('Waiting for the network')).toBeVisible();
    const before = line.up;
    line.mend();
    await expect(b.messages.getByText('the backup')).toBeVisible({ timeout: 60_000 });
    // Not from the beginning: what the server had was not sent again.
    const [offset = 0] = offsets;
    expect(offset).toBeGreaterThan(0);
    expect(line.up - before).toBeLessThan(big.buffer.length - offset + 200_000);
    expect(sha256(await downloaded(b, big.name))).toBe(sha256(big.buffer));
    await a.close();
    await b.close();
  } finally {
    await server.dispose();
    await line.close();
  }
});

test('a reload in the middle of an upload loses neither file nor message', async ({ staffBrowser }) => {
  const { server, line } = await behindALine();
  try {
    const b = await Staff.signIn(staffBrowser, server.url, boris);
    const a = await Staff.signIn(staffBrowser, server.url, anna);
    await a.openChat(boris.name);
    await b.openChat(anna.name);
    const big = noise('plans.zip', 9_000_000);
    line.slow(500_000);
    const before = line.up;
    const offsets = resumedAt(a.page);
    await pick(a.page, [big]);
    await a.input.fill('over a reload');
    await send(a.page);
    await expect(a.messages.getByText(/of 9 MB/)).toBeVisible();
    await expect.poll(() => line.up - before).toBeGreaterThan(1_000_000);
    await a.page.reload();
    line.mend();
    await expect(b.messages.getByText('over a reload')).toBeVisible({ timeout: 60_000 });
    expect(offsets[0]).toBeGreaterThan(0);
    expect(sha256(await downloaded(b, big.name))).toBe(sha256(big.buffer));
    await expect(b.messages.getByText('over a reload')).toHaveCount(1);
    await a.close();
    await b.close();
  } finally {
    await server.dispose();
    await line.close();
  }
});

test('progress is shown for each of several, and one is taken back in the middle', async ({ staffBrowser }) => {
  const { server, line } = await behindALine();
  try {
    const b = await Staff.signIn(staffBrowser, server.url, boris);
    const a = await Staff.signIn(staffBrowser, server.url, anna);
    await a.openChat(boris.name);
    await b.openChat(anna.name);
    line.slow(200_000);
    await pick(a.page, [noise('one.bin', 3_000_000), noise('two.bin', 3_000_000)]);
    await send(a.page);
    const ring = (name: string) => a.messages.getByRole('progressbar', { name: `Uploading ${name}` });
    for (const name of ['one.bin', 'two.bin']) {
      await expect.poll(async () => Number(await ring(name).getAttribute('aria-valuenow'))).toBeGreaterThan(5);
    }
    await a.messages.getByRole('button', { name: 'Cancel sending one.bin' }).click();
    await expect(ring('one.bin')).toBeHidden();
    line.slow(20_000_000);
    await expect(b.messages.getByText('two.bin')).toBeVisible();
    await expect(b.messages.getByText('one.bin')).toHaveCount(0);
    // A message that consisted of one file goes with it.
    line.slow(200_000);
    await pick(a.page, [noise('three.bin', 3_000_000)]);
    await send(a.page);
    await a.messages.getByRole('button', { name: 'Cancel sending three.bin' }).click();
    await expect(a.messages.getByText('three.bin')).toHaveCount(0);
    await a.close();
    await b.close();
  } finally {
    await server.dispose();
    await line.close();
  }
});

test('a file over the limit is refused in words; the rest of the tray goes', async ({ server, two: { a, b } }) => {
  await server.api('PUT', '/api/admin/uploads', { max_file_bytes: 50_000, max_user_bytes: 10_000_000 });
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  await pick(a.page, [noise('huge.bin', 60_000), text('small.txt', 'fits')]);
  await expect(tray(a.page).getByRole('alert')).toHaveText('The file is larger than the administrator allows.');
  await send(a.page);
  await expect(b.messages.getByText('small.txt')).toBeVisible();
  await expect(tray(a.page).getByText('huge.bin')).toBeVisible();
  await tray(a.page).getByRole('button', { name: 'Remove huge.bin' }).click();
  await expect(tray(a.page)).toBeHidden();
});

test('more files than one message holds become several', async ({ two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  await pick(a.page, Array.from({ length: 23 }, (_, i) => text(`file-${String(i)}.txt`, String(i))));
  await expect(a.page.getByText('Goes as 2 messages')).toBeVisible();
  await send(a.page);
  await expect(b.messages.getByRole('link', { name: /^Download file-/ })).toHaveCount(23, { timeout: 30_000 });
});

test('what was uploaded never runs on our origin', async ({ two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  const script = "document.cookie='stolen=1';document.title='ran';alert(1)";
  const hostile = [
    text('page.html', `<!doctype html><script>${script}</script>`, 'text/html'),
    text('picture.svg', `<svg xmlns="http://www.w3.org/2000/svg" onload="${script}"><script>${script}</script></svg>`, 'image/svg+xml'),
    text('page.xhtml', `<html xmlns="http://www.w3.org/1999/xhtml"><script>${script}</script></html>`, 'application/xhtml+xml'),
    text('lies.png', `<html><script>${script}</script></html>`, 'image/png'),
    text('<img src=x onerror=alert(1)>.txt', 'a name that is markup'),
  ];
  let dialogs = 0;
  b.context.on('dialog', (dialog) => {
    dialogs += 1;
    void dialog.dismiss();
  });
  a.context.on('dialog', (dialog) => {
    dialogs += 1;
    void dialog.dismiss();
  });
  await pick(a.page, hostile);
  await send(a.page);
  const links = b.messages.getByRole('link', { name: /^Download/ });
  await expect(links).toHaveCount(hostile.length);
  const addresses = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  for (const address of addresses) {
    const inline = address.replace('?download=1', '');
    const answer = await b.context.request.get(inline);
    expect(answer.headers()['content-disposition']).toMatch(/^attachment/);
    expect(answer.headers()['x-content-type-options']).toBe('nosniff');
    expect(answer.headers()['content-security-policy']).toContain('sandbox');
    const tab = await b.context.newPage();
    // A download instead of a page: the navigation is given up.
    await tab.goto(inline).catch(() => undefined);
    expect(await tab.title()).not.toBe('ran');
    await tab.close();
    // As a frame or a picture of our own page it runs no better.
    await b.page.evaluate((url) => {
      for (const element of [document.createElement('iframe'), document.createElement('img')]) {
        element.src = url;
        document.body.append(element);
      }
    }, inline);
  }
  await b.write('still here');
  await expect(a.messages.getByText('still here')).toBeVisible();
  expect(dialogs).toBe(0);
  expect((await b.context.cookies()).map(({ name }) => name)).not.toContain('stolen');
});

test('signing out takes unsent files with it', async ({ two: { a } }) => {
  await a.openChat(boris.name);
  await pick(a.page, [text('secret.txt', 'nobody else')]);
  await expect(tray(a.page).getByText('secret.txt')).toBeVisible();
  await a.page.getByRole('button', { name: /^Menu/ }).click();
  await a.page.getByRole('button', { name: 'Sign out' }).click();
  await expect(a.page.getByLabel('Login')).toBeVisible();
  await expect.poll(() => a.page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('staffline.files');
      request.onsuccess = () => { resolve(request.result); };
    });
    const counts = ['uploads', 'bytes'].map((store) => new Promise<number>((resolve) => {
      const request = database.transaction(store).objectStore(store).count();
      request.onsuccess = () => { resolve(request.result); };
    }));
    return Promise.all(counts);
  })).toEqual([0, 0]);
});
