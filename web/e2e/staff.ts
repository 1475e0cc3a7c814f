/** What a member of staff does in the browser, in the words of the screen. The one place that knows the page's names. */
import { type Browser, type BrowserContext, type Page, chromium, expect } from '@playwright/test';
import type { Person } from './server.ts';

export const chromiumPath = process.env.STAFFLINE_CHROMIUM ?? '/usr/bin/chromium';

/** Pictures a second of the cameras. Two browsers draw them without a graphics processor, and a test says little more with Chromium's twenty. */
export const fps = process.env.STAFFLINE_CAMERA_FPS ?? '10';

const flags = [
  // Cameras to choose from: the second of Chromium's fakes has a depth format that cannot be sent, the third is one again.
  `--use-fake-device-for-media-stream=device-count=3,fps=${fps}`,
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

export interface BrowserOptions {
  executablePath?: string;
  args?: string[];
}

/** A Chromium with a fake camera and microphone. Not muted: a muted one reports no audio energy. */
export function openBrowser(options: BrowserOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: options.executablePath ?? chromiumPath,
    ignoreDefaultArgs: ['--mute-audio'],
    args: [...flags, ...(options.args ?? [])],
  });
}

/** One person in one browser profile, signed in through the page. */
export class Staff {
  private constructor(readonly page: Page, readonly context: BrowserContext) {}

  /** `scripts` run in the page before anything of its own. */
  static async signIn(
    browser: Browser, url: string, person: Person, options: Parameters<Browser['newContext']>[0] = {}, scripts: (() => void)[] = [],
  ): Promise<Staff> {
    const context = await browser.newContext({ permissions: ['microphone', 'camera'], locale: 'en-GB', ...options });
    for (const script of scripts) await context.addInitScript(script);
    const page = await context.newPage();
    await page.goto(url);
    await page.getByLabel('Login').fill(person.login);
    await page.getByLabel('Password', { exact: true }).fill(person.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('tab', { name: 'Chats' })).toBeVisible();
    return new Staff(page, context);
  }

  /** Opens the conversation with somebody through the list of people. */
  async openChat(name: string): Promise<void> {
    await this.page.getByRole('tab', { name: 'People' }).click();
    await this.page.getByRole('searchbox').fill(name);
    await this.page.getByRole('list', { name: 'People' }).getByRole('button', { name: new RegExp(`^${name}`) }).click();
    // The input of the chat before stays until the other one is there.
    await expect(this.page.getByRole('heading', { name: new RegExp(`^${name}`) }).first()).toBeVisible();
    await expect(this.input).toBeVisible();
  }

  get input() {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }

  get messages() {
    return this.page.getByRole('log');
  }

  /** By the button: on a touch screen Enter breaks the line. */
  async write(text: string): Promise<void> {
    await this.input.fill(text);
    await this.page.getByRole('button', { name: 'Send', exact: true }).click();
  }

  async call(kind: 'Call' | 'Call with video'): Promise<void> {
    await this.page.getByRole('button', { name: kind, exact: true }).click();
  }

  /** The card of a call that rings here. */
  get ringing() {
    return this.page.getByRole('dialog', { name: /^Incoming call/ });
  }

  async accept(): Promise<void> {
    await this.ringing.getByRole('button', { name: 'Accept' }).click();
  }

  /** The screen of the running call. */
  get inCall() {
    return this.page.getByRole('dialog', { name: /^Call with/ });
  }

  /** Pressed once: on a machine that has much to do a click may be told of long after it has acted, and "Share" is "Stop" by then. */
  async press(control: string): Promise<void> {
    await this.awake(() => this.inCall.getByRole('button', { name: control }).click({ timeout: 20_000 }));
  }

  /** The bar over a picture hides while nothing moves: here something does, as long as it takes. */
  async awake(action: () => Promise<void>): Promise<void> {
    const moving = await this.page.evaluate(() => {
      const move = (): void => {
        const moved = new PointerEvent('pointermove', { bubbles: true });
        for (const button of document.querySelectorAll('[role=dialog] button')) button.dispatchEvent(moved);
      };
      move();
      return setInterval(move, 500);
    });
    await action();
    await this.page.evaluate((id) => { clearInterval(id); }, moving);
  }

  /** One of two calls. */
  async hangUpOne(): Promise<void> {
    await this.press('Hang up');
  }

  async hangUp(): Promise<void> {
    await this.hangUpOne();
    await expect(this.inCall).toBeHidden();
  }

  /** A second call, while one talks. */
  get waiting() {
    return this.page.getByRole('alertdialog', { name: /^Second call/ });
  }

  /** What the browser plays and shows of the other side is there. */
  async connected(): Promise<void> {
    await this.page.waitForFunction(() => window.stafflineCall?.()?.connectionState === 'connected');
  }

  /** What does not fit into the bar of a phone is in its menu. */
  async pressOrChoose(control: string): Promise<void> {
    await this.awake(async () => {
      const button = this.inCall.getByRole('button', { name: control, exact: true });
      if (await button.isVisible()) return button.click();
      await this.inCall.getByRole('button', { name: 'More' }).click();
      await this.page.getByRole('menuitem', { name: control }).click();
    });
  }

  async openChatBeside(): Promise<void> {
    await this.press('Chat beside the call');
    await expect(this.input).toBeVisible();
  }

  /** The panel for microphone, speaker and camera. */
  get devices() {
    return this.page.getByRole('dialog', { name: 'Sound and video' });
  }

  /** Says which path the call takes. */
  get pathBadge() {
    return this.inCall.getByRole('button', { name: /^(Direct|Relayed|Media node)$/ });
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
