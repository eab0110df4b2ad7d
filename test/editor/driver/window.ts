// A window of VS Code under test, seen as a person sees it: keys, mouse, and what is on the screen.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { root } from './package';
import { until } from './until';

/** Console errors that a plain code-server window without Lineheat also has. */
const foreignErrors = [
  /Failed to load resource/,
  /favicon/,
  /open-vsx\.org|marketplace|unpkg\.com|vscode-cdn/i,
  /service worker|ServiceWorker/i,
  /net::ERR_/,
  /authentication provider 'github'/,
  /addon-ligatures/,
];

/** Collects errors of the window's own scripts, from the moment it is called. */
export function collectErrors(page: Page): string[] {
  const errors: string[] = [];
  const keep = (text: string): void => {
    if (!foreignErrors.some((pattern) => pattern.test(text))) errors.push(text);
  };
  page.on('console', (message) => {
    if (message.type() === 'error') keep(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => keep(error.stack ?? error.message));
  return errors;
}

/** Runs a command by its title from the command palette. */
export async function command(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input.input');
  await input.waitFor({ state: 'visible' });
  await input.fill(`>${title}`);
  await pick(page, title);
}

/** Clicks the first row of the open quick pick whose label contains a text. */
export async function pick(page: Page, label: string): Promise<void> {
  const row = page
    .locator('.quick-input-list .monaco-list-row')
    .filter({ has: page.locator('.label-name', { hasText: label }) })
    .first();
  await row.waitFor({ state: 'visible', timeout: 10_000 });
  await row.click();
}

/** Clicks a button in the title of the active editor by the beginning of its tooltip. */
export async function clickTitleButton(page: Page, label: string): Promise<void> {
  const button = page
    .locator('.editor-group-container.active .editor-actions .action-label')
    .and(page.locator(`[aria-label^="${label}"]`));
  await button.first().waitFor({ state: 'visible', timeout: 15_000 });
  await button.first().click();
}

/**
 * Chooses an entry of a row's context menu, again where nothing came of it: VS Code lets a menu ignore the mouse for its first
 * 100 ms, and closes it when the list behind it is drawn anew.
 * @param happened whether what the entry does can be seen
 */
export async function contextMenu(
  row: Locator,
  label: string,
  happened: () => Promise<boolean>,
): Promise<void> {
  const entry = row.page().locator(`.monaco-menu [aria-label="${label}"]`);
  await until(
    `${label} is chosen`,
    async () => {
      await row.click({ button: 'right', timeout: 5000 });
      await entry.waitFor({ timeout: 5000 });
      await new Promise((resolve) => setTimeout(resolve, 200));
      await entry.click({ timeout: 2000 });
      return until('that can be seen', happened, 6000);
    },
    40_000,
  );
}

const list = '.notifications-center';
const popUpOrList = `:is(.notifications-toasts, ${list})`;

/** Text of the notifications on the screen, one string each. */
export function notifications(page: Page): Promise<string[]> {
  return page.locator(`${popUpOrList} .notification-list-item-message`).allInnerTexts();
}

/**
 * Waits for a notification that matches and returns its text. VS Code pops up at most three in 0.8 s, fewer than a
 * journey can cause; like a person who waits for an answer, it looks at the list of all of them after a while.
 */
export async function notification(
  page: Page,
  pattern: RegExp,
  milliseconds = 20_000,
): Promise<string> {
  const patience = 2000;
  const what = `a notification says ${pattern}`;
  const find = async () => (await notifications(page)).find((text) => pattern.test(text));
  try {
    return await until(what, find, patience);
  } catch {
    const listed = await page.locator(list).isVisible();
    if (!listed) await page.locator('[id="status.notifications"] a').click();
    return until(what, find, milliseconds - patience);
  }
}

/** Clicks a button of the notification that matches. */
export async function clickNotificationButton(
  page: Page,
  pattern: RegExp,
  label: string,
): Promise<void> {
  await page
    .locator(`${popUpOrList} .notification-list-item`, { hasText: pattern })
    .locator('.monaco-button', { hasText: label })
    .first()
    .click();
}

/** Text of the status bar's entries. */
export function statusBar(page: Page): Promise<string[]> {
  return page.locator('.statusbar-item:visible').allInnerTexts();
}

/** What the visible terminal shows; needs terminal.integrated.gpuAcceleration off. */
export async function terminalText(page: Page): Promise<string> {
  const rows = await page.locator('.terminal-wrapper.active .xterm-rows > div').allInnerTexts();
  return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd()).join('\n');
}

/** Types a line into the visible terminal. */
export async function typeInTerminal(page: Page, text: string): Promise<void> {
  await page.locator('.terminal-wrapper.active .xterm-screen').click();
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

/** Inside of the visible webview: an iframe in an iframe. */
export function webview(page: Page): FrameLocator {
  return page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
}

/** Saves what the window shows as artifacts/screenshots/{name}.png; returns the path. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const folder = join(root, 'artifacts', 'screenshots');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  return path;
}
