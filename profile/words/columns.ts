/**
 * How many columns a text takes in a font of fixed width: beside the code, in the terminal, on the chart's frames.
 * One rule for all of them: East Asian wide characters and emoji take two columns, combining marks none.
 */
import { wideRanges } from './wideCharacters';

const joiner = '\u200d';
/** Selects the colored form of the character before it, which takes two columns. */
const emojiForm = '\ufe0f';
const takesNone = /\p{Mn}|\p{Me}|\p{Cf}|\p{Emoji_Modifier}/u;
const softHyphen = '\u00ad';

/** Columns of a text without line breaks. Tabs reach to the next stop. */
export function columns(text: string, tabSize = 1): number {
  // Nearly all texts are plain ASCII, and this runs for every annotated line on every keystroke.
  if (/^[\x20-\x7e]*$/.test(text)) {
    return text.length;
  }
  let width = 0;
  for (const [, added] of widths(text, tabSize)) {
    width += added;
  }
  return width;
}

/** The longest beginning of a text that fits a width together with `…`; the whole text if it fits. */
export function clip(text: string, width: number): string {
  if (columns(text) <= width) {
    return text;
  }
  let clipped = '';
  let used = 0;
  for (const [character, added] of widths(text, 1)) {
    used += added;
    if (used > width - 1) {
      break;
    }
    clipped += character;
  }
  return `${clipped}…`;
}

/** The same with ` … ` in the middle, where both ends matter. */
export function clipMiddle(text: string, width: number): string {
  if (columns(text) <= width) {
    return text;
  }
  const ellipsis = ' … ';
  const half = Math.floor(width / 2);
  const all = [...widths(text, 1)];
  let front = 0;
  let used = 0;
  while (used + all[front]![1] <= half) {
    used += all[front]![1];
    front++;
  }
  let back = all.length;
  used += ellipsis.length;
  while (used + all[back - 1]![1] <= width) {
    back--;
    used += all[back]![1];
  }
  // A combining mark whose character is left out is left out as well.
  while (all[back]?.[1] === 0) {
    back++;
  }
  const wordsOf = (part: readonly [string, number][]): string =>
    part.map(([character]) => character).join('');
  return `${wordsOf(all.slice(0, front))}${ellipsis}${wordsOf(all.slice(back))}`;
}

export function padLeft(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - columns(text))) + text;
}

export function padRight(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** Each character, and how many columns it adds. */
function* widths(text: string, tabSize: number): Generator<[character: string, added: number]> {
  let width = 0;
  let before = '';
  let beforeAdded = 0;
  for (const character of text) {
    let added = 1;
    if (character === '\t') {
      added = tabSize - (width % tabSize);
    } else if (before === joiner) {
      // Joined emoji are one picture.
      added = 0;
    } else if (character === emojiForm) {
      added = beforeAdded === 1 && /\p{Emoji}/u.test(before) ? 1 : 0;
    } else if (character !== softHyphen && takesNone.test(character)) {
      added = 0;
    } else if (isWide(character.codePointAt(0) ?? 0)) {
      added = 2;
    }
    width += added;
    yield [character, added];
    before = character;
    beforeAdded = added;
  }
}

/** A binary search; `wideRanges` holds pairs. */
export function isWide(codePoint: number): boolean {
  let low = 0;
  let high = wideRanges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codePoint > wideRanges[2 * middle + 1]!) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < wideRanges.length / 2 && codePoint >= wideRanges[2 * low]!;
}
