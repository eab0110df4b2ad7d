// Reads what the editor shows: the text that decorations put after lines, gutter icons, hovers.
import type { Page } from 'playwright-core';

/** What decorations draw at the end of one visible line. */
export interface DrawnLine {
  /** 1-based. */
  line: number;
  /** The line's own text. */
  source: string;
  /** Text drawn by ::after decorations, no-break spaces turned into spaces. */
  after: string;
  /** Colour of that text. */
  color: string;
  /** Decoded URL of the image drawn behind that text, or ''. */
  image: string;
  /** Something is drawn before the end of the line, which would push the caret away from it. */
  before: boolean;
  /** Left edges of the drawn text and of the end of the source, px. */
  left: number;
  /** Whether there is an icon in the glyph margin of the line. */
  gutter: boolean;
}

/** Every visible line of the active editor group that decorations draw on. */
export function drawnLines(
  page: Page,
  editor = '.editor-group-container.active',
): Promise<DrawnLine[]> {
  return page.evaluate((selector) => {
    const group = document.querySelector(selector);
    const found: DrawnLine[] = [];
    if (!group) return found;
    const top = (element: Element) => (element as HTMLElement).style.top;
    const numbers = new Map<string, number>();
    for (const number of group.querySelectorAll('.margin-view-overlays > div')) {
      const text = number.querySelector('.line-numbers')?.textContent;
      if (text) numbers.set(top(number), Number(text));
    }
    const gutters = new Set<string>();
    for (const icon of group.querySelectorAll('.glyph-margin-widgets > .cgmr')) {
      if (getComputedStyle(icon).backgroundImage !== 'none') gutters.add(top(icon));
    }
    for (const row of group.querySelectorAll('.view-lines > .view-line')) {
      let after = '';
      let image = '';
      let color = '';
      let left = 0;
      let before = false;
      for (const span of row.querySelectorAll('span')) {
        for (const side of ['::before', '::after']) {
          const style = getComputedStyle(span, side);
          const content = style.content;
          if (content === 'none' || content === 'normal') continue;
          if (side === '::before') before = true;
          else if (content.length > 2) {
            after += content.slice(1, -1);
            if (style.backgroundImage !== 'none') image += style.backgroundImage.slice(5, -2);
            color = style.color;
            left = span.getBoundingClientRect().right;
          }
        }
      }
      const line = numbers.get(top(row));
      if (line === undefined || (!after && !image && !gutters.has(top(row)))) continue;
      found.push({
        line,
        source: (row.textContent ?? '').replaceAll('\u00a0', ' '),
        after: after.replaceAll('\u00a0', ' ').replaceAll('\\a0', ' '),
        color,
        image,
        before,
        left,
        gutter: gutters.has(top(row)),
      });
    }
    return found.sort((a, b) => a.line - b.line);
  }, editor);
}

const hoverWidget = '[widgetid="editor.contrib.resizableContentHoverWidget"]';

/** Moves the mouse onto a line's source text and returns the text of the hover that opens. */
export async function hoverText(page: Page, line: number): Promise<string> {
  const row = await lineBox(page, line);
  await page.mouse.move(row.x + 200, row.y + 300);
  await page.mouse.move(row.x + 12, row.y + row.height / 2, { steps: 4 });
  const hover = page.locator(`${hoverWidget} .monaco-hover:not(.hidden)`).first();
  await hover.waitFor({ state: 'visible', timeout: 10_000 });
  return hover.innerText();
}

/** Box of a visible line's first characters that are not indentation. */
export async function lineBox(
  page: Page,
  line: number,
): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await page.evaluate((wanted) => {
    const group = document.querySelector('.editor-group-container.active');
    const number = [...(group?.querySelectorAll('.line-numbers') ?? [])].find(
      (element) => Number(element.textContent) === wanted,
    );
    const top = (number?.parentElement as HTMLElement | undefined)?.style.top;
    const row = [...(group?.querySelectorAll('.view-lines > .view-line') ?? [])].find(
      (element) => (element as HTMLElement).style.top === top,
    );
    const walker = row && document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    for (let node = walker?.nextNode(); node; node = walker?.nextNode()) {
      const start = node.textContent?.search(/[^\s\u00a0]/) ?? -1;
      if (start < 0) continue;
      const range = document.createRange();
      range.setStart(node, start);
      range.setEnd(node, node.textContent?.length ?? start);
      const { x, y, width, height } = range.getBoundingClientRect();
      return { x, y, width, height };
    }
    return null;
  }, line);
  if (!box) throw new Error(`Line ${line} is not visible.`);
  return box;
}

/** Puts the caret behind the last character of a visible line. */
export async function goToEnd(page: Page, line: number): Promise<void> {
  const box = await lineBox(page, line);
  await page.mouse.click(box.x + 2, box.y + box.height / 2);
  await page.keyboard.press('End');
}

/** How far the caret is drawn from the last character of its line, in px. */
export function caretFromEnd(page: Page): Promise<number> {
  return page.evaluate(() => {
    const group = document.querySelector('.editor-group-container.active')!;
    const caret = group.querySelector('.cursors-layer .cursor')!.getBoundingClientRect();
    const row = [...group.querySelectorAll('.view-lines > .view-line')].find((it) => {
      const { top, bottom } = it.getBoundingClientRect();
      return top <= caret.top + 1 && caret.bottom - 1 <= bottom;
    })!;
    // Text that decorations draw is in no text node.
    const texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    let end = 0;
    while (texts.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      end = Math.max(end, range.getBoundingClientRect().right);
    }
    return caret.left - end;
  });
}

/** What the list of hot lines says of each row to a screen reader, in order. */
export function hotRows(page: Page): Promise<string[]> {
  return page
    .locator('.pane', { has: page.locator('.pane-header[aria-label^="Hot "]') })
    .locator('.monaco-list-row')
    .evaluateAll((rows) =>
      rows
        .sort((a, b) => Number(a.getAttribute('data-index')) - Number(b.getAttribute('data-index')))
        .map((row) => row.getAttribute('aria-label') ?? ''),
    );
}
