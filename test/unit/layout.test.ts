/** Where annotations stand beside the code: what the editor draws, without an editor. */
import { describe, expect, test } from 'vitest';
import { barColumns, displayWidth, placeAnnotations } from '../../extension/layout';
import type { LineAnnotation } from '../../protocol/lsp';

function annotation(line: number, value: string, percent: string): LineAnnotation {
  return {
    line,
    heat: 3,
    kind: 'self',
    stale: false,
    value,
    percent,
    detail: 'python',
    bar: { python: 0.5, native: 0, system: 0, wait: 0, queue: 0, memory: 0 },
  };
}

/** Columns in which the figures of every placed line begin. */
function columns(code: string, lines: number[], maxColumn = 80): number[] {
  const text = code.split('\n');
  const wanted = lines.map((line) => annotation(line, '1.00 s', '10.0 %'));
  return placeAnnotations(wanted, (line) => text[line], 4, maxColumn).map(
    ({ line, gap }) => displayWidth(text[line]!, 4) + gap,
  );
}

describe('columns', () => {
  test('neighbours line up, close behind the longest of them', () => {
    expect(columns('a = 1\nbb = 22\nc = 3', [1, 2, 3])).toEqual([10, 10, 10]);
  });

  test('a long line elsewhere moves nobody', () => {
    const code = `a = 1\nb = 2\n${'\n'.repeat(8)}${'x'.repeat(70)}`;
    expect(columns(code, [1, 2, 11])).toEqual([8, 8, 73]);
  });

  test('a function is a block of its own', () => {
    const code = `short = 1\ndef function(with_a_long_name):\n    return 12345678901234567890`;
    expect(columns(code, [1, 3])).toEqual([12, 34]);
  });

  test('one long line among short ones pushes its own figures out', () => {
    const code = ['a = 1', 'b = 2', 'c = 3', 'd = 4', 'x'.repeat(90)].join('\n');
    expect(columns(code, [1, 2, 3, 4, 5])).toEqual([8, 8, 8, 8, 93]);
  });

  test('no further right than the setting says', () => {
    const code = ['x'.repeat(40), 'a = 1', 'y'.repeat(40)].join('\n');
    expect(columns(code, [1, 2, 3], 20)).toEqual([43, 23, 43]);
  });

  test('lines that are not there any more are left out', () => {
    expect(columns('a = 1', [1, 7])).toEqual([8]);
  });
});

test('figures are right-aligned, the bar has its hole, ordinary spaces are none', () => {
  const wanted = [annotation(1, '1.00 s', '62.1 %'), annotation(2, '9.0 ms', '0.4 %')];
  const [first, second] = placeAnnotations(wanted, () => 'code', 4, 80);
  const hole = '\u00a0'.repeat(barColumns + 4);
  expect(first!.text).toBe(`1.00\u00a0s\u00a0\u00a062.1\u00a0%${hole}python`);
  expect(second!.text).toBe(`9.0\u00a0ms\u00a0\u00a0\u00a00.4\u00a0%${hole}python`);
  expect(first!.barColumn).toBe('1.00 s  62.1 %'.length + 2);
  expect(second!.barColumn).toBe(first!.barColumn);
});

test.each([
  ['plain', 5],
  ['\tone', 7],
  ['ab\tc', 5],
  ['日本', 4],
  ['é', 1],
])('%s takes %i columns', (text, width) => {
  expect(displayWidth(text, 4)).toBe(width);
});
