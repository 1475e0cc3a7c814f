/** What a call shows and lets one do: devices, screen, chat beside it, keys, other devices of the same person, the list of calls. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { Lists, phone } from './lists.ts';
import { admin, anna, boris } from './server.ts';
import { Staff } from './staff.ts';
import { readStats, watch } from './stats.ts';

async function talk(a: Staff, b: Staff, kind: 'Call' | 'Call with video' = 'Call'): Promise<void> {
  await a.openChat(boris.name);
  await a.call(kind);
  await b.accept();
  for (const staff of [a, b]) {
    await staff.connected();
    await expect(staff.inCall.getByRole('timer')).toBeVisible();
  }
}

/** The devices that the peer connection sends from, by the names of their kinds. */
function sending(page: Page): Promise<Record<string, { label: string; enabled: boolean } | null>> {
  return page.evaluate(() => {
    const senders = window.stafflineCall?.()?.getSenders() ?? [];
    return Object.fromEntries(senders.flatMap(({ track }) => (track === null ? [] : [[track.kind, { label: track.label, enabled: track.enabled }]])));
  });
}

/** Another device than the one in use. */
async function chooseOther(staff: Staff, kind: 'Camera' | 'Microphone', used: string): Promise<void> {
  const select = staff.devices.getByRole('combobox', { name: kind });
  await expect.poll(() => select.getByRole('option').count()).toBeGreaterThan(2);
  const labels = await select.getByRole('option').allTextContents();
  await select.selectOption({ label: labels.findLast((label) => label !== used) ?? '' });
}

const descriptions = (page: Page): Promise<(string | undefined)[]> =>
  page.evaluate(() => {
    const connection = window.stafflineCall?.();
    return [connection?.localDescription?.sdp.match(/o=.*/u)?.[0], connection?.remoteDescription?.sdp.match(/o=.*/u)?.[0]];
  });

test('the panel checks microphone, speaker and camera without a call, and remembers what was chosen', async ({ two: { a } }) => {
  const open = async (): Promise<void> => {
    await a.page.getByRole('button', { name: /^Menu/ }).click();
    await a.page.getByRole('button', { name: 'Sound and video' }).click();
  };
  await open();
  await expect(a.devices.getByText('You can be heard.')).toBeVisible();
  const level = a.devices.getByRole('meter', { name: 'Microphone level' });
  await expect.poll(async () => Number(await level.getAttribute('aria-valuenow'))).toBeGreaterThan(0);
  await a.devices.getByRole('button', { name: 'Play a test sound' }).click();
  await expect(a.devices.getByRole('button', { name: 'Playing…' })).toBeVisible();
  await expect(a.devices.getByRole('button', { name: 'Play a test sound' })).toBeVisible();
  await a.devices.getByRole('button', { name: 'Check the camera' }).click();
  const preview = a.devices.getByLabel('Your camera');
  await expect.poll(() => preview.evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
  const label = (): Promise<string> => preview.evaluate((video: HTMLVideoElement) => (video.srcObject as MediaStream).getVideoTracks()[0]?.label ?? '');
  const first = await label();
  await chooseOther(a, 'Camera', first);
  await expect.poll(label).not.toBe(first);
  await a.devices.getByRole('switch', { name: 'Noise suppression' }).uncheck();
  await a.page.keyboard.press('Escape');
  // The light goes out with the panel.
  await expect(a.devices).toBeHidden();
  await a.page.reload();
  await open();
  await expect(a.devices.getByRole('combobox', { name: 'Camera' })).toHaveValue(/.+/);
  await expect(a.devices.getByRole('switch', { name: 'Noise suppression' })).not.toBeChecked();
  await expect(a.devices.getByRole('switch', { name: 'Echo cancellation' })).toBeChecked();
});

test('a microphone that gives no sound is said so, and one that is refused is explained', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, anna);
  const open = async (stub: 'silent' | 'refused'): Promise<void> => {
    await a.page.evaluate((how) => {
      const silence = (): MediaStream => new AudioContext().createMediaStreamDestination().stream;
      navigator.mediaDevices.getUserMedia = () =>
        how === 'silent' ? Promise.resolve(silence()) : Promise.reject(new DOMException('no', 'NotAllowedError'));
    }, stub);
    await a.page.getByRole('button', { name: /^Menu/ }).click();
    await a.page.getByRole('button', { name: 'Sound and video' }).click();
  };
  await open('silent');
  await expect(a.devices.getByText(/No sound comes from the microphone/)).toBeVisible();
  await a.page.keyboard.press('Escape');
  await open('refused');
  await expect(a.devices.getByRole('alert')).toContainText('Click the icon left of the address');
});

test('devices change in the middle of a call: nothing is negotiated, and who is muted stays muted', async ({ two: { a, b } }) => {
  await talk(a, b, 'Call with video');
  const before = await descriptions(a.page);
  await a.press('Turn microphone off');
  await expect(b.inCall.getByText(`${anna.name}: microphone is off`)).toBeVisible();
  await a.pressOrChoose('Sound and video');
  await expect(a.devices.getByText(/In the call your microphone is off/)).toBeVisible();
  const used = await sending(a.page);
  await chooseOther(a, 'Microphone', used.audio?.label ?? '');
  await chooseOther(a, 'Camera', used.video?.label ?? '');
  await expect.poll(async () => (await sending(a.page)).video?.label).not.toBe(used.video?.label);
  await a.page.keyboard.press('Escape');
  await expect(a.inCall.getByRole('button', { name: 'Turn microphone on' })).toBeVisible();
  expect((await watch(b.page, 2)).audioEnergy).toBeLessThan(1e-6);
  await expect.poll(async () => (await watch(b.page, 2)).framesPerSecond).toBeGreaterThan(5);
  await a.press('Turn microphone on');
  await expect.poll(async () => (await watch(b.page, 1)).audioEnergy).toBeGreaterThan(0);
  expect(await descriptions(a.page)).toEqual(before);
  // One's own sound does not stop in the panel: it listened to a copy.
  expect((await sending(a.page)).audio?.enabled).toBe(true);
});

test('a shared screen is large on the other side, the camera beside it, and an audio call becomes a video call', async ({ two: { a, b } }) => {
  await talk(a, b);
  const before = await descriptions(a.page);
  await a.press('Turn camera on');
  await expect(b.inCall.getByLabel('Video of Анна Орлова')).toBeVisible();
  await a.press('Share your screen');
  await expect(a.inCall.getByText('You are sharing your screen')).toBeVisible();
  const screen = b.inCall.getByLabel('Screen of Анна Орлова');
  await expect.poll(() => screen.evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
  const widths = await Promise.all([screen, b.inCall.getByLabel('Video of Анна Орлова')].map(async (one) => (await one.boundingBox())?.width ?? 0));
  expect(widths[0]).toBeGreaterThan(4 * (widths[1] ?? 0));
  await a.inCall.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(screen).toBeHidden();
  await a.press('Turn camera off');
  await expect(b.inCall.getByLabel('Video of Анна Орлова')).toBeHidden();
  await expect.poll(async () => (await watch(b.page, 2)).audioEnergy).toBeGreaterThan(0);
  expect(await descriptions(a.page)).toEqual(before);
});

test('the chat stands beside the call, the call becomes small, and the sound never begins anew', async ({ two: { a, b } }) => {
  await talk(a, b, 'Call with video');
  await b.page.evaluate(() => {
    const sound = document.querySelector('audio[autoplay]') as HTMLAudioElement;
    Object.assign(window, { sound, stops: [] });
    for (const event of ['pause', 'emptied']) sound.addEventListener(event, () => { (window as unknown as { stops: string[] }).stops.push(event); });
  });
  await b.press('Chat beside the call');
  await b.write('the figures are in the contract');
  await expect(a.messages.getByText('the figures are in the contract')).toBeAttached();
  const call = await b.inCall.boundingBox();
  const chat = await b.input.boundingBox();
  expect((call?.x ?? 0) + (call?.width ?? 0)).toBeLessThanOrEqual(chat?.x ?? 0);
  await expect(b.page.getByRole('navigation', { name: 'Chats and people' })).toBeHidden();
  await b.press('Minimise the call');
  await expect(b.page.getByRole('tab', { name: 'Chats' })).toBeVisible();
  await expect(b.inCall.getByRole('timer')).toBeVisible();
  await new Lists(b).tab('People');
  await b.inCall.getByRole('button', { name: 'Turn microphone off' }).click();
  await b.page.getByRole('button', { name: 'Back to the call' }).click();
  await expect(a.inCall.getByText('Boris Stone: microphone is off')).toBeVisible();
  expect(await b.page.evaluate(() => ({
    same: (window as unknown as { sound: Element }).sound === document.querySelector('audio[autoplay]'),
    stops: (window as unknown as { stops: string[] }).stops,
  }))).toEqual({ same: true, stops: [] });
  await expect.poll(async () => (await watch(b.page, 2)).audioEnergy).toBeGreaterThan(0);
  await b.press('Minimise the call');
  await Promise.all([
    expect(a.page.getByText(/^The call with Boris Stone has ended, \d+:\d\d/)).toBeVisible(),
    b.inCall.getByRole('button', { name: 'Hang up' }).click(),
  ]);
  await expect(b.inCall).toBeHidden();
});

test('what is written under a large call is unread, and the call says so', async ({ two: { a, b } }) => {
  await talk(a, b);
  await b.openChatBeside();
  await b.write('look at the contract');
  const chat = a.inCall.getByRole('button', { name: /^Chat beside the call/ });
  await expect(chat).toHaveAccessibleName('Chat beside the call, 1 unread');
  await expect(b.messages.getByRole('img', { name: 'Read' })).toHaveCount(0);
  await chat.click();
  await expect(b.messages.getByRole('img', { name: 'Read' })).toHaveCount(1);
});

test('a second call waits: taken with the first on hold, swapped, ended', async ({ server, staffBrowser, two: { a, b } }) => {
  await talk(a, b);
  const c = await Staff.signIn(staffBrowser, server.url, admin);
  await c.openChat(anna.name);
  await c.call('Call');
  await expect(a.waiting).toContainText(admin.name);
  await expect(c.inCall.getByText(/In another call/)).toBeVisible();
  // The first goes on meanwhile.
  await expect.poll(async () => (await watch(b.page, 1)).audioEnergy).toBeGreaterThan(0);
  await a.waiting.getByRole('button', { name: 'Hold and answer' }).click();
  await c.connected();
  await expect(b.inCall.getByText(`${anna.name} has put the call on hold`)).toBeVisible();
  await expect(a.inCall.getByRole('group', { name: `On hold: ${boris.name}` })).toBeVisible();
  await expect.poll(async () => (await watch(c.page, 1)).audioEnergy).toBeGreaterThan(0);
  await expect.poll(async () => (await watch(b.page, 1)).audioEnergy).toBeLessThan(1e-6);
  await a.inCall.getByRole('button', { name: 'Switch' }).click();
  await expect(c.inCall.getByText(`${anna.name} has put the call on hold`)).toBeVisible();
  await expect(b.inCall.getByText(`${anna.name} has put the call on hold`)).toBeHidden();
  await expect.poll(async () => (await watch(b.page, 1)).audioEnergy).toBeGreaterThan(0);
  await a.inCall.getByRole('button', { name: 'End the held call' }).click();
  await expect(c.inCall).toBeHidden();
  await expect(a.inCall).toContainText(boris.name);
  await a.hangUp();
  await expect(b.inCall).toBeHidden();
});

test('a second call is declined, and another ends the first', async ({ server, staffBrowser, two: { a, b } }) => {
  await talk(a, b);
  const c = await Staff.signIn(staffBrowser, server.url, admin);
  await c.openChat(anna.name);
  await c.call('Call');
  await Promise.all([
    expect(c.page.getByText(`${anna.name} declined the call`)).toBeVisible(),
    a.waiting.getByRole('button', { name: 'Decline' }).click(),
  ]);
  await expect(a.waiting).toBeHidden();
  await c.call('Call');
  await a.waiting.getByRole('button', { name: 'End and answer' }).click();
  await expect(b.inCall).toBeHidden();
  await c.connected();
  await expect(a.inCall).toContainText(admin.name);
  await a.hangUp();
});

test('on a phone: everything within reach of the thumb, and a bar above the chats', async ({ server, staffBrowser }) => {
  const a = await Staff.signIn(staffBrowser, server.url, anna);
  const b = await Staff.signIn(staffBrowser, server.url, boris, phone);
  await talk(a, b, 'Call with video');
  await b.page.touchscreen.tap(190, 300);
  const bar = b.inCall.getByRole('toolbar');
  for (const button of await bar.getByRole('button').all()) {
    const box = await button.boundingBox();
    expect(box?.width).toBeGreaterThanOrEqual(44);
    expect(box?.height).toBeGreaterThanOrEqual(44);
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
    expect(box?.y).toBeGreaterThan(500);
  }
  await b.awake(() => bar.getByRole('button', { name: 'More' }).tap());
  // What is open keeps the bar, however long one reads; and the first touch in it counts.
  await b.page.evaluate(() => new Promise((done) => setTimeout(done, 3_500)));
  expect(await bar.evaluate((element) => getComputedStyle(element).opacity)).toBe('1');
  await expect(b.page.getByRole('menuitem', { name: 'Sound and video' })).toBeVisible();
  await b.page.getByRole('menuitem', { name: 'Put on hold' }).tap();
  await expect(a.inCall.getByText('Boris Stone has put the call on hold')).toBeVisible();
  await b.inCall.getByRole('button', { name: 'Resume the call' }).tap();
  await expect(a.inCall.getByText('Boris Stone has put the call on hold')).toBeHidden();
  await b.awake(() => bar.getByRole('button', { name: 'Chat beside the call' }).tap());
  await expect(b.input).toBeVisible();
  // Below the bar, not under it.
  const small = await b.inCall.boundingBox();
  const back = await b.page.getByRole('button', { name: 'Back', exact: true }).boundingBox();
  expect(back?.y).toBeGreaterThanOrEqual((small?.y ?? 0) + (small?.height ?? 0));
  await b.write('on my way');
  await expect(a.messages.getByText('on my way')).toBeAttached();
  await b.page.getByRole('button', { name: 'Back to the call' }).tap();
  await expect(bar).toBeVisible();
});

test('the picture fills the screen, stands above other windows, and is gone with the call', async ({ two: { a, b } }) => {
  await talk(a, b, 'Call with video');
  const fills = (): Promise<boolean> => a.page.evaluate(() => document.fullscreenElement !== null);
  await a.pressOrChoose('Full screen');
  await expect.poll(fills).toBe(true);
  await a.pressOrChoose('Leave full screen');
  await expect.poll(fills).toBe(false);
  const above = (): Promise<string | null> => a.page.evaluate(() => document.pictureInPictureElement?.getAttribute('aria-label') ?? null);
  await a.pressOrChoose('Picture in picture');
  await expect.poll(above).toContain(boris.name);
  await a.pressOrChoose('Full screen');
  await expect.poll(fills).toBe(true);
  await b.hangUp();
  await expect(a.inCall).toBeHidden();
  await expect.poll(above).toBeNull();
  await expect.poll(fills).toBe(false);
});

test('keys do what the buttons do, in any layout, and not while one writes', async ({ two: { a, b } }) => {
  await talk(a, b);
  await a.page.keyboard.press('KeyM');
  await expect(b.inCall.getByText(`${anna.name}: microphone is off`)).toBeVisible();
  // The same key in the Russian layout.
  await a.page.evaluate(() => document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ь', code: 'KeyM', bubbles: true, cancelable: true })));
  await expect(b.inCall.getByText(`${anna.name}: microphone is off`)).toBeHidden();
  await a.page.keyboard.press('KeyV');
  await expect(b.inCall.getByLabel(`Video of ${anna.name}`)).toBeVisible();
  await a.page.keyboard.press('KeyH');
  await expect(b.inCall.getByText(`${anna.name} has put the call on hold`)).toBeVisible();
  await a.page.keyboard.press('KeyH');
  await expect(b.inCall.getByText(`${anna.name} has put the call on hold`)).toBeHidden();
  await a.page.keyboard.press('KeyC');
  await a.input.click();
  await a.page.keyboard.type('mhvsc');
  await expect(a.input).toHaveValue('mhvsc');
  await expect(a.inCall.getByRole('button', { name: 'Turn microphone off' })).toBeVisible();
  await a.inCall.focus();
  await a.page.keyboard.press('Shift+Slash');
  await expect(a.page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('During a call')).toBeVisible();
});

test('answered or declined on one device: the others stop and say so', async ({ server, staffBrowser, two: { a, b } }) => {
  const other = await Staff.signIn(staffBrowser, server.url, boris, phone);
  await a.openChat(boris.name);
  await a.call('Call');
  await expect(other.ringing).toBeVisible();
  // What is said is said for a moment.
  await Promise.all([expect(other.page.getByText('You answered on another device')).toBeVisible(), b.accept()]);
  await expect(other.ringing).toBeHidden();
  await a.connected();
  await a.hangUp();
  await a.call('Call');
  await expect(b.ringing).toBeVisible();
  await Promise.all([
    expect(b.page.getByText('Declined on another device')).toBeVisible(),
    expect(a.page.getByText('Boris Stone declined the call')).toBeVisible(),
    other.ringing.getByRole('button', { name: 'Decline' }).tap(),
  ]);
  await expect(b.ringing).toBeHidden();
});

test('one\'s own calls in a list: missed ones are counted, and one calls back from it', async ({ two: { a, b } }) => {
  const tab = b.page.getByRole('tab', { name: /^Calls/ });
  await tab.click();
  await expect(b.page.getByText(/^No calls yet/)).toBeVisible();
  await new Lists(b).tab('Chats');
  await a.openChat(boris.name);
  await a.call('Call with video');
  await expect(b.ringing).toBeVisible();
  await Promise.all([
    expect(b.page.getByText(`Missed call: ${anna.name}`)).toBeVisible(),
    a.page.getByRole('button', { name: 'Cancel the call' }).click(),
  ]);
  await expect(tab).toHaveAccessibleName('Calls 1 missed call');
  await tab.click();
  const list = b.page.getByRole('list', { name: 'Calls: Today' });
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await expect(list).toContainText('Missed');
  await list.getByRole('button', { name: `Call back: ${anna.name}` }).click();
  await a.accept();
  await b.connected();
  await b.hangUp();
  // What has just ended is there without asking.
  await expect(list.getByRole('listitem')).toHaveCount(2);
  await expect(list.getByRole('listitem').first()).toContainText(/Outgoing · 0:\d\d/);
  await b.page.getByRole('radio', { name: 'Missed' }).check({ force: true });
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await new Lists(b).tab('Chats');
  await expect(tab).toHaveAccessibleName('Calls');
  await tab.click();
  await list.getByRole('button', { name: /^Анна/ }).first().click();
  await expect(b.input).toBeVisible();
});

test('the details of a call say what carries it', async ({ two: { a, b } }) => {
  await talk(a, b, 'Call with video');
  await a.pathBadge.click();
  await a.inCall.getByRole('button', { name: 'Details of the call' }).click();
  const details = a.inCall.getByRole('region', { name: 'Details of the call' });
  for (const words of ['Direct', 'for all calls', /opus · \d+ kbit\/s/, /VP8 · \d+×\d+ · \d+ fps/, /UDP/, /SRTP|AEAD/]) await expect(details).toContainText(words);
  expect((await readStats(a.page)).framesDecoded).toBeGreaterThan(0);
});
