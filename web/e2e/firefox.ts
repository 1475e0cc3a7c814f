/**
 * A colleague who uses Firefox: Debian's own, driven over WebDriver BiDi. (Playwright's channel for it asks of every context what this
 * Firefox does not know.) Says the same words as `Staff`, as many as a call needs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from '@playwright/test';
import { type Element, Tab } from './bidi.ts';
import type { Person } from './server.ts';

const firefoxPath = process.env.STAFFLINE_FIREFOX ?? '/usr/bin/firefox-esr';

const preferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  // Candidates as an office's Firefox gives them once it has the camera, on a machine that may have no network but loopback.
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
  // With events sent by the parent process, an answer to an input now and then never comes (Mozilla's bug 1947402).
  'remote.events.async.enabled': false,
  'intl.accept_languages': 'en-GB',
  'ui.prefersReducedMotion': 1,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'app.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'browser.shell.checkDefaultBrowser': false,
};

/** The process, with a profile of its own. */
class Firefox {
  private readonly home = mkdtempSync(path.join(tmpdir(), 'staffline-firefox-'));
  private readonly child: ChildProcess;

  constructor() {
    const lines = Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    writeFileSync(path.join(this.home, 'user.js'), lines.join('\n'));
    this.child = spawn(firefoxPath, ['--headless', '--no-remote', '--profile', this.home, '--remote-debugging-port', '0', 'about:blank'], {
      env: { ...process.env, HOME: this.home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** Where it can be spoken to. */
  listens(): Promise<string> {
    return new Promise((resolve, reject) => {
      const log: string[] = [];
      this.child.once('error', reject);
      this.child.once('exit', (code) => { reject(new Error(`Firefox ended with ${String(code)}:\n${log.join('\n')}`)); });
      if (this.child.stderr === null) return;
      createInterface(this.child.stderr).on('line', (line) => {
        log.push(line);
        const url = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 3 });
  }
}

export class FirefoxStaff {
  private constructor(private readonly firefox: Firefox, readonly page: Tab) {}

  static async signIn(url: string, person: Person): Promise<FirefoxStaff> {
    const firefox = new Firefox();
    try {
      const staff = new FirefoxStaff(firefox, await Tab.open(await firefox.listens()));
      await staff.page.goto(url);
      await staff.fill('Login', person.login);
      await staff.fill('Password', person.password);
      await staff.click('button', 'Sign in');
      await staff.sees('tab', 'Chats');
      return staff;
    } catch (error) {
      await firefox.stop();
      throw error;
    }
  }

  async sees(role: string, name: string): Promise<void> {
    await expect.poll(() => this.page.find(role, name), { message: `${role} "${name}" in Firefox` }).toBeDefined();
  }

  async seesNo(role: string, name: string): Promise<void> {
    await expect.poll(() => this.page.find(role, name), { message: `no ${role} "${name}" in Firefox` }).toBeUndefined();
  }

  async click(role: string, name: string): Promise<void> {
    await this.sees(role, name);
    await this.clickOn(() => this.page.find(role, name));
  }

  private async clickOn(find: () => Promise<Element | undefined>): Promise<void> {
    await expect(async () => {
      const element = await find();
      if (element === undefined) throw new Error('it is not there');
      await this.page.click(element);
    }).toPass({ timeout: 15_000 });
  }

  private async fill(name: string, text: string): Promise<void> {
    // A field for a password has no role.
    await this.clickOn(() => this.page.find(null, name));
    await this.page.type(text);
  }

  async call(name: string, kind: 'Call' | 'Call with video'): Promise<void> {
    await this.click('tab', 'People');
    await this.clickOn(() => this.page.findText(name));
    await this.click('button', kind);
  }

  async accept(): Promise<void> {
    await this.click('button', 'Accept');
  }

  async hangUp(): Promise<void> {
    await this.sees('button', 'Hang up');
    await expect(async () => {
      // The bar hides while nothing moves.
      await this.page.moveMouse(200 + Math.random() * 100, 300);
      const button = await this.page.find('button', 'Hang up');
      if (button !== undefined) await this.page.click(button);
    }).toPass({ timeout: 30_000 });
    await this.seesNo('button', 'Hang up');
  }

  async close(): Promise<void> {
    this.page.close();
    await this.firefox.stop();
  }
}
