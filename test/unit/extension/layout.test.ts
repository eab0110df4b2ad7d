/** Where annotations stand beside the code: what the editor draws, without an editor. */
import { describe, expect, test } from 'vitest';
import { barColumns, placeAnnotations } from '../../../extension/code/layout';
import { columns as columnsOf } from '../../../profile/words/columns';
import type { LineAnnotation } from '../../../protocol/lsp';

const layout = { tabSize: 4, maxColumn: 80, isCompact: false, room: undefined, isWrapped: false };

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
  return placeAnnotations(wanted, (line) => text[line], { ...layout, maxColumn }).map(
    ({ line, gap }) => columnsOf(text[line]!, 4) + gap,
  );
}

describe('the column of figures', () => {
  test('figures of neighbouring lines line up, right behind the longest of the lines', () => {
    expect(columns('a = 1\nbb = 22\nc = 3', [1, 2, 3])).toEqual([10, 10, 10]);
  });

  test('a long line far away moves no figures', () => {
    const code = `a = 1\nb = 2\n${'\n'.repeat(8)}${'x'.repeat(70)}`;
    expect(columns(code, [1, 2, 11])).toEqual([8, 8, 73]);
  });

  test('each function lines up on its own', () => {
    const code = `short = 1\ndef function(with_a_long_name):\n    return 12345678901234567890`;
    expect(columns(code, [1, 3])).toEqual([12, 34]);
  });

  test('one long line among short ones moves only its own figures to the right', () => {
    const code = ['a = 1', 'b = 2', 'c = 3', 'd = 4', 'x'.repeat(90)].join('\n');
    expect(columns(code, [1, 2, 3, 4, 5])).toEqual([8, 8, 8, 8, 93]);
  });

  test('figures are aligned no further right than the setting allows', () => {
    const code = ['x'.repeat(30), 'a = 1', 'y'.repeat(30)].join('\n');
    expect(columns(code, [1, 2, 3], 20)).toEqual([33, 23, 33]);
  });

  test('lines beyond the end of the text are left out', () => {
    expect(columns('a = 1', [1, 7])).toEqual([8]);
  });
});

test('bars keep their column while figures get longer', () => {
  const bars = [
    ['3.5 ms', '~2 %'],
    ['583 ms', '51.4 %'],
    ['1.16 s', '97.2 %'],
  ].map(([value, percent]) => {
    const [placed] = placeAnnotations([annotation(1, value!, percent!)], () => 'work()', layout);
    return placed!.gap + placed!.barColumn!;
  });
  expect(new Set(bars).size).toBe(1);
});

test('figures are right-aligned and leave a gap for the bar', () => {
  const wanted = [annotation(1, '1.00 s', '62.1 %'), annotation(2, '9.0 ms', '0.4 %')];
  const [first, second] = placeAnnotations(wanted, () => 'code', layout);
  const hole = ' '.repeat(barColumns + 4);
  expect(first!.text).toBe(`1.00 s  62.1 %${hole}python`);
  expect(second!.text).toBe(`9.0 ms   0.4 %${hole}python`);
  expect(first!.barColumn).toBe('1.00 s  62.1 %'.length + 2);
  expect(second!.barColumn).toBe(first!.barColumn);
});

test('compact figures are value and share, without a bar, closer to the code', () => {
  const wanted = [annotation(1, '1.00 s', '62.1 %'), annotation(2, '9.0 ms', '0.4 %')];
  const placed = placeAnnotations(wanted, () => 'code', { ...layout, isCompact: true });
  expect(placed.map(({ text, gap, barColumn }) => [text, gap, barColumn])).toEqual([
    ['1.00 s  62.1 %', 2, undefined],
    ['9.0 ms   0.4 %', 2, undefined],
  ]);
});

describe('where it is known how many columns the editor shows', () => {
  const shown = (code: string, room: number | undefined) =>
    placeAnnotations([annotation(1, '1.00 s', '10.0 %')], () => code, { ...layout, room }).map(
      ({ text, barColumn }) => [text.trimEnd(), barColumn],
    )[0];
  const code = 'x'.repeat(20);

  test('details, then the bar, are left out when they do not fit', () => {
    const figures = '1.00 s  10.0 %';
    const full = [`${figures}${' '.repeat(barColumns + 4)}python`, 16];
    expect(shown(code, undefined)).toEqual(full);
    expect(shown(code, 55)).toEqual(full);
    expect(shown(code, 54)).toEqual([figures, 16]);
    expect(shown(code, 47)).toEqual([figures, 16]);
    expect(shown(code, 46)).toEqual([figures, undefined]);
  });

  test('figures moved up from a longer line fit with their arrow', () => {
    const lines = ['short', 'x'.repeat(60)];
    const figures = (room: number) =>
      placeAnnotations([annotation(2, '1.00 s', '10.0 %')], (line) => lines[line], {
        ...layout,
        room,
      }).map(({ text, barColumn }) => [text.trimEnd(), barColumn])[0];
    expect(figures(42)).toEqual([`↓ 1.00 s  10.0 %${' '.repeat(barColumns + 4)}python`, 18]);
    expect(figures(41)).toEqual(['↓ 1.00 s  10.0 %', 18]);
  });

  test('each block of lines decides on its own what fits', () => {
    const lines = ['a', ...Array<string>(9).fill(''), 'y'.repeat(40)];
    const wanted = [annotation(1, '1 s', '10 %'), annotation(11, '1 s', '10 %')];
    const placed = placeAnnotations(wanted, (line) => lines[line], { ...layout, room: 60 });
    expect(placed.map(({ barColumn }) => barColumn)).toEqual([16, undefined]);
  });
});

describe('figures of a line that is longer than the editor', () => {
  const wanted = [annotation(1, '1.00 s', '62.1 %'), annotation(2, '9.0 ms', '0.4 %')];
  const code = ['short', 'x'.repeat(121), 'y'.repeat(121)];
  const place = (lines: LineAnnotation[], how = {}) =>
    placeAnnotations(lines, (line) => code[line], { ...layout, isCompact: true, ...how }).map(
      ({ annotation: { line }, line: at, end, gap, text }) =>
        [line, at, end, gap, text].join(' | '),
    );

  test('are drawn at the line above, with an arrow', () => {
    expect(place([wanted[1]!])).toEqual(['2 | 0 | 5 | 2 | ↓ 9.0 ms   0.4 %']);
  });

  test('are drawn behind the figures of the line above', () => {
    expect(place(wanted)).toEqual([
      '1 | 0 | 5 | 2 | 1.00 s  62.1 %   ↓ 9.0 ms   0.4 %',
      '2 | 0 | 5 | 2 | ',
    ]);
  });

  test('stay at their line when the figures of the line above leave no room', () => {
    const room = { room: 31 };
    expect(place([wanted[1]!], room)[0]).toMatch(/^2 \| 0 /);
    expect(place(wanted, room)[1]).toMatch(/^2 \| 1 /);
  });

  test('leave out the share when only the value fits', () => {
    expect(place(wanted, { room: 39 })[0]).toBe('1 | 0 | 5 | 2 | 1.00 s  62.1 %   ↓ 9.0 ms');
    expect(place([wanted[1]!], { room: 22 })[0]).toBe('2 | 0 | 5 | 2 | ↓ 9.0 ms');
    const text = (room: number) =>
      placeAnnotations([wanted[0]!], () => 'x'.repeat(40), { ...layout, room })[0]!.text;
    expect([48, 55, 56].map(text)).toEqual(['1.00 s', '1.00 s', '1.00 s  62.1 %']);
  });

  test('move up several lines when those between have no room, with an arrow per line', () => {
    expect(place([annotation(3, '1 s', '1 %')])).toEqual(['3 | 0 | 5 | 2 | ↓↓    1 s     1 %']);
  });

  test('prefer a line without figures, where they have a bar, to a line with figures', () => {
    const lines = ['for step:', 'kept.append(step)', 'x'.repeat(121)];
    const calls = { ...annotation(2, '30 ms', '6 %'), kind: 'total' as const };
    const placed = placeAnnotations(
      [calls, annotation(3, '477 ms', '88 %')],
      (line) => lines[line],
      layout,
    );
    expect(placed.map(({ line, text }) => [line, text.slice(0, 17).trim()])).toEqual([
      [0, '↓↓ 477 ms    88 %'],
      [1, '30 ms     6 %'],
    ]);
    expect(placed.map(({ barColumn }) => barColumn)).toEqual([19, 16]);
    expect(placed.map(({ isQuiet }) => isQuiet)).toEqual([false, true]);
  });

  test('are drawn in full strength behind dimmed figures of another line', () => {
    const quiet = { ...annotation(1, '30 ms', '6 %'), kind: 'total' as const };
    const lines = [quiet, annotation(2, '477 ms', '88 %')];
    expect(placeAnnotations(lines, (line) => code[line], layout)).toMatchObject([
      { text: expect.stringMatching(/30 ms .*↓ 477 ms/), isQuiet: false },
      { text: '' },
    ]);
  });

  test('are placed first when the line is the hottest', () => {
    const lines = ['kept = []', 'for step:', 'z'.repeat(43), 'x'.repeat(121)];
    const cold = annotation(3, '53 ms', '3 %');
    const hot = { ...annotation(4, '1.61 s', '90 %'), bar: { ...cold.bar, python: 0.9 } };
    const placed = placeAnnotations([cold, hot], (line) => lines[line], { ...layout, room: 50 });
    expect(placed.map(({ line, text }) => [line, text.slice(0, 17)])).toEqual([
      [0, '↓↓  53 ms     3 %'],
      [1, '↓↓ 1.61 s    90 %'],
    ]);
  });

  test('stay when no line above is shorter, when lines are wrapped, and when the setting allows their column', () => {
    const alone = [code[1]!, code[1]!];
    const placed = placeAnnotations(wanted, (line) => alone[line], layout);
    expect(placed.map(({ line }) => line)).toEqual([0, 1]);
    expect(place([wanted[1]!], { isWrapped: true })).toEqual(['2 | 1 | 121 | 2 | 9.0 ms   0.4 %']);
    expect(place([wanted[1]!], { maxColumn: 110 })).toEqual(['2 | 1 | 121 | 2 | 9.0 ms   0.4 %']);
  });
});
