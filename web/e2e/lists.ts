/** The left pane and the details of a chat, in the words of the screen. */
import type { Page } from '@playwright/test';
import { expect } from './fixtures.ts';
import type { Staff } from './staff.ts';

export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

export const isPhone = (page: Page): boolean => (page.viewportSize()?.width ?? 1280) < 768;

export class Lists {
  readonly page: Page;

  constructor(readonly staff: Staff) {
    this.page = staff.page;
  }

  get search() {
    return this.page.getByRole('navigation').getByRole('searchbox');
  }

  /** A chat in the list, or among what was found. */
  row(name: string) {
    return this.page.getByRole('list', { name: 'Chats' }).getByRole('link', { name });
  }

  get rows() {
    return this.page.getByRole('list', { name: 'Chats' }).getByRole('link');
  }

  person(name: string) {
    return this.page.getByRole('list', { name: 'People' }).getByRole('button', { name }).and(this.page.locator(':not([data-aside])'));
  }

  get hits() {
    return this.page.getByRole('list', { name: 'Messages', exact: true }).getByRole('link');
  }

  async tab(name: 'Chats' | 'People'): Promise<void> {
    await this.page.getByRole('tab', { name }).click();
  }

  /** On a phone the list is a screen of its own. */
  async back(): Promise<void> {
    if (isPhone(this.page)) await this.page.getByRole('button', { name: 'Back' }).first().click();
  }

  async createGroup(name: string, people: string[]): Promise<void> {
    await this.page.getByRole('button', { name: 'New group' }).click();
    const dialog = this.page.getByRole('dialog', { name: 'New group' });
    await dialog.getByLabel('Name').fill(name);
    for (const person of people) {
      await dialog.getByRole('searchbox', { name: 'Whom to add' }).fill(person);
      await dialog.getByRole('checkbox', { name: person }).check();
    }
    await dialog.getByRole('button', { name: 'Create the group' }).click();
    await expect(dialog).toBeHidden();
    await expect(this.staff.input).toBeVisible();
  }

  /** The drawer of the open chat: beside it, or over it. */
  get details() {
    return this.page.getByRole('complementary', { name: 'Details' }).or(this.page.getByRole('dialog', { name: 'Details' }));
  }

  async openDetails(): Promise<void> {
    await this.page.getByRole('button', { name: /^Details/ }).click();
    await expect(this.details).toBeVisible();
  }

  async closeDetails(): Promise<void> {
    await this.details.getByRole('button', { name: isPhone(this.page) ? 'Back' : 'Close' }).click();
    await expect(this.details).toBeHidden();
  }

  member(name: string) {
    return this.details.getByRole('list', { name: 'Members' }).getByRole('listitem').filter({ hasText: name });
  }
}
