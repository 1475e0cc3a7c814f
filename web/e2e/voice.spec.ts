/** Voice messages, with the browser's own fake microphone, which beeps. */
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { anna, boris } from './server.ts';
import { Staff } from './staff.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const record = (page: Page): Promise<void> => page.getByRole('button', { name: 'Record a voice message' }).click();
const bar = (page: Page) => page.getByRole('group', { name: 'Recording a voice message' });
const voices = (staff: Staff) => staff.messages.getByRole('group', { name: 'Voice message', exact: true });

/** Waits until the timer says so many seconds, or more: each of them is soon over. */
async function recorded(page: Page, seconds: number): Promise<void> {
  const timer = bar(page).getByRole('timer');
  await expect.poll(async () => Number((await timer.textContent())?.split(':')[1])).toBeGreaterThanOrEqual(seconds);
}

/** Records for so many seconds. */
async function speak(staff: Staff, seconds: number): Promise<void> {
  await record(staff.page);
  await recorded(staff.page, seconds);
  await staff.page.getByRole('button', { name: 'Stop and send' }).click();
  await expect(bar(staff.page)).toBeHidden();
}

/** What the button of a player was called from now on, and what its time was: noted in the page, however short it was. */
async function noted(voice: Locator): Promise<() => Promise<string[]>> {
  const notes = await voice.evaluateHandle((group) => {
    const all: string[] = [];
    const note = (): void => {
      const time = [...group.querySelectorAll('span')].map((one) => one.textContent).find((text) => /^\d+:\d\d$/.test(text));
      all.push(`${String(group.querySelector('button')?.getAttribute('aria-label'))} ${String(time)}`);
    };
    new MutationObserver(note).observe(group, { subtree: true, childList: true, characterData: true, attributes: true });
    return all;
  });
  return () => notes.evaluate((all) => [...all]);
}

/** Whether it plays, or has played since then. */
const played = (notes: string[]): boolean => notes.some((note) => note.startsWith('Pause '));

for (const [device, options] of [['desktop', {}], ['phone', phone]] as const) {
  test(`${device}: recorded, sent with one click, and heard by the other`, async ({ server, staffBrowser }) => {
    const a = await Staff.signIn(staffBrowser, server.url, anna, options);
    const b = await Staff.signIn(staffBrowser, server.url, boris, options);
    await a.openChat(boris.name);
    await b.openChat(anna.name);
    await speak(a, 2);
    await expect(voices(b)).toBeVisible();
    await expect(voices(b).getByText(/0:0[2-9]/)).toBeVisible();
    // The waveform is that of a beep, not flat.
    const heights = await voices(b).getByRole('slider').locator('span').evaluateAll((bars) => bars.map((one) => (one as HTMLElement).offsetHeight));
    expect(Math.max(...heights)).toBeGreaterThan(12);
    const notes = await noted(voices(b));
    await voices(b).getByRole('button', { name: 'Play' }).click();
    await expect.poll(async () => (await notes()).some((note) => /^Pause 0:0[1-9]$/.test(note))).toBe(true);
    await expect(voices(b).getByRole('button', { name: 'Play' })).toBeVisible();
    await a.close();
    await b.close();
  });
}

test('a recording is thrown away by its cross and by Escape, and the microphone is let go of', async ({ two: { a, b } }) => {
  await a.page.addInitScript(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const tracks: MediaStreamTrack[] = [];
    (window as unknown as { tracks: MediaStreamTrack[] }).tracks = tracks;
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await real(constraints);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
  await a.page.reload();
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  await record(a.page);
  await recorded(a.page, 1);
  await a.page.getByRole('button', { name: 'Cancel recording' }).click();
  await expect(bar(a.page)).toBeHidden();
  await record(a.page);
  await recorded(a.page, 1);
  await a.page.keyboard.press('Escape');
  await expect(bar(a.page)).toBeHidden();
  await expect(a.input).toBeVisible();
  const states = await a.page.evaluate(() => (window as unknown as { tracks: MediaStreamTrack[] }).tracks.map(({ readyState }) => readyState));
  expect(states).toEqual(['ended', 'ended']);
  await a.write('only words');
  await expect(b.messages.getByText('only words')).toBeVisible();
  await expect(voices(b)).toHaveCount(0);
});

test('one at a time, the next plays on, and the speed is remembered', async ({ two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  // Long enough not to be over before the other is begun.
  await speak(a, 5);
  await expect(voices(b)).toHaveCount(1);
  await speak(a, 5);
  await expect(voices(b)).toHaveCount(2);
  const [first, second] = [voices(b).first(), voices(b).last()];
  await second.getByRole('button', { name: 'Play' }).click();
  await expect(second.getByRole('button', { name: 'Pause' })).toBeVisible();
  await first.getByRole('button', { name: 'Play' }).click();
  await expect(first.getByRole('button', { name: 'Pause' })).toBeVisible();
  await expect(second.getByRole('button', { name: 'Play' })).toBeVisible();
  const notes = await noted(second);
  await first.getByRole('button', { name: 'Speed: 1×' }).click();
  await expect(first.getByRole('button', { name: 'Speed: 1.5×' })).toBeVisible();
  await expect.poll(async () => played(await notes())).toBe(true);
  await expect(second.getByRole('button', { name: 'Speed: 1.5×' })).toBeVisible();
  await expect(first.getByRole('button', { name: 'Play' })).toBeVisible();
  await b.page.reload();
  await b.openChat(anna.name);
  await voices(b).first().getByRole('button', { name: 'Play' }).click();
  await expect(voices(b).first().getByRole('button', { name: 'Speed: 1.5×' })).toBeVisible();
});

test('a voice message that is being listened to while it arrives plays on', async ({ two: { a } }) => {
  await a.openChat(boris.name);
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => { letGo = resolve; });
  await a.page.route('**/messages', async (route) => {
    if (route.request().method() === 'POST') await held;
    await route.continue();
  });
  await speak(a, 9);
  const voice = voices(a);
  await voice.getByRole('button', { name: 'Play' }).click();
  await expect(voice.getByRole('button', { name: 'Pause' })).toBeVisible();
  letGo();
  await expect(a.messages.getByRole('img', { name: 'Sent' })).toBeVisible();
  await expect(voice.getByRole('button', { name: 'Pause' })).toBeVisible();
  await expect(voice.getByRole('slider')).toHaveAttribute('aria-valuenow', /^[4-9]$/);
  await expect(voice.getByRole('button', { name: 'Play' })).toBeVisible();
});

test('the place in it is chosen by click and by key', async ({ two: { a } }) => {
  await a.openChat(boris.name);
  // Long enough not to be over before it is stopped.
  await speak(a, 6);
  // Until then it is the recording of this page that stands there.
  await expect(a.messages.getByRole('img', { name: 'Sent' })).toBeVisible();
  const voice = voices(a);
  const slider = voice.getByRole('slider', { name: 'Position' });
  await voice.getByRole('button', { name: 'Play' }).click();
  await expect(voice.getByRole('button', { name: 'Pause' })).toBeVisible();
  await voice.getByRole('button', { name: 'Pause' }).click();
  await slider.press('Home');
  await expect(slider).toHaveAttribute('aria-valuenow', '0');
  const box = await slider.boundingBox();
  await slider.click({ position: { x: (box?.width ?? 0) * 0.67, y: 10 } });
  const length = Number(await slider.getAttribute('aria-valuemax'));
  await expect.poll(async () => Math.abs(Number(await slider.getAttribute('aria-valuenow')) - 0.67 * length)).toBeLessThan(1);
});

test('whoever leaves the chat in the middle finds the recording among its files', async ({ two: { a } }) => {
  await a.openChat(boris.name);
  await record(a.page);
  await recorded(a.page, 1);
  await a.page.evaluate(() => { history.back(); });
  await expect(a.page.getByText('The recording is with the files of the chat, not sent')).toBeVisible();
  await a.openChat(boris.name);
  await expect(a.page.getByRole('list', { name: 'Files to send' }).getByText(/^voice\./)).toBeVisible();
});

test('a forbidden microphone is explained', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, anna, { permissions: [] });
  await a.page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
  });
  await a.page.reload();
  await a.openChat(boris.name);
  await record(a.page);
  await expect(a.page.getByText(/The browser keeps the microphone closed/)).toBeVisible();
  await expect(a.input).toBeVisible();
  await a.close();
});

test('during a call nothing is recorded and nothing plays', async ({ two: { a, b } }) => {
  await a.openChat(boris.name);
  await b.openChat(anna.name);
  await speak(a, 3);
  await voices(b).getByRole('button', { name: 'Play' }).click();
  await expect(voices(b).getByRole('button', { name: 'Pause' })).toBeVisible();
  await a.call('Call');
  await expect(b.ringing).toBeVisible();
  await expect(voices(b).getByRole('button', { name: 'Play', includeHidden: true })).toBeAttached();
  await expect(a.page.getByRole('button', { name: 'Recording is not possible during a call', includeHidden: true })).toBeAttached();
});
