/** How wide a text is: one rule for the editor, the terminal and the chart. */
import { eastAsianWidth } from 'get-east-asian-width';
import { expect, test } from 'vitest';
import {
  clip,
  clipMiddle,
  columns,
  isWide,
  padLeft,
  padRight,
} from '../../../../profile/words/columns';

test('exactly the characters that Unicode defines as wide take two columns', () => {
  const differ: string[] = [];
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
    if (isWide(codePoint) !== (eastAsianWidth(codePoint) === 2)) {
      differ.push(codePoint.toString(16));
    }
  }
  expect(differ).toEqual([]);
});

test.each([
  ['plain', 5],
  ['\tone', 7],
  ['ab\tc', 5],
  ['日本\tc', 9],
  ['日本', 4],
  ['ｱ', 1],
  ['Ａ', 2],
  ['é', 1],
  ['e\u0301', 1],
  ['日本\u0301x', 5],
  ['…↓│▇', 4],
  ['🔥', 2],
  ['❤', 1],
  ['❤\ufe0f', 2],
  ['👍🏽', 2],
  ['👩\u200d👩\u200d👧', 2],
  ['🇩🇪', 2],
  ['a\u00adb', 3],
  ['a\u200bb', 2],
])('%j takes %i columns', (text, width) => {
  expect(columns(text, 4)).toBe(width);
});

test('a text is cut before the character that does not fit', () => {
  expect(clip('日本語', 6)).toBe('日本語');
  expect(clip('日本語', 5)).toBe('日本…');
  expect(clip('日本語', 4)).toBe('日…');
  expect(clip('abc', 2)).toBe('a…');
  expect(clip('e\u0301e\u0301e', 2)).toBe('e\u0301…');
});

test('a text that is cut in the middle keeps both its ends', () => {
  expect(clipMiddle('abcdefghij', 10)).toBe('abcdefghij');
  expect(clipMiddle('abcdefghijk', 10)).toBe('abcde … jk');
  expect(clipMiddle('日本語日本語', 10)).toBe('日本 … 語');
  expect(clipMiddle('abcdefghije\u0301', 8)).toBe('abcd … e\u0301');
  expect(clipMiddle('abcdefghij日\u0301', 8)).toBe('abcd … ');
});

test('texts are padded by columns, not by characters', () => {
  expect(padLeft('日', 4)).toBe('  日');
  expect(padRight('日', 4)).toBe('日  ');
  expect(padRight('日本語', 4)).toBe('日本語');
});
