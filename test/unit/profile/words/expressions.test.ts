import { expect, test } from 'vitest';
import { expressionsOf, type PartAmount } from '../../../../profile/words/expressions';
import { ProfileBuilder } from '../../../../profile/feed/builder';
import type { LinePart } from '../../../../profile/view/lineParts';
import { lineDetail } from '../../../../profile/view/lineParts';
import { header, ms } from '../../recordings';
import { sample } from '../../serverRecording';

/** The part of a line that a text is, in bytes as CPython counts them. */
function part(line: string, text: string, amount: number): PartAmount {
  const at = line.indexOf(text);
  const bytes = (upTo: number): number => Buffer.byteLength(line.slice(0, upTo));
  return { start: bytes(at) + 1, end: bytes(at + text.length) + 1, amount, samples: 1000 };
}

/** The expressions of a line in words, each with the text it is drawn under. */
function words(line: string, ...parts: [text: string, amount: number][]): string[] {
  const amounts = parts.map(([text, amount]) => part(line, text, amount));
  return expressionsOf(amounts, line).map(({ text, percent, segments }) => {
    const drawn = segments.map(({ start, end }) => line.slice(start, end));
    return `${text} ${percent} [${drawn.join('|')}]`;
  });
}

test('expressions of a line are listed with the most expensive first', () => {
  const line = '    a = slow(3) + slow(1) + sum(range(n))  # (slow)';
  expect(
    words(line, ['slow(1)', 25], ['slow(3)', 70], ['sum(range(n))', 5], ['slow(3) + slow(1)', 0.1]),
  ).toEqual(['slow(3) 69.9 % [slow(3)]', 'slow(1) 25.0 % [slow(1)]']);
});

test('an expression includes its parts, except those listed separately', () => {
  const line = 'x = df.groupby("a)").agg(mean).reset_index()';
  expect(
    words(
      line,
      ['df', 1],
      ['df.groupby("a)")', 19],
      ['df.groupby("a)").agg', 2],
      ['df.groupby("a)").agg(mean)', 48],
      ['df.groupby("a)").agg(mean).reset_index()', 30],
    ),
  ).toEqual([
    '….agg(mean) 50.0 % [.agg(mean)]',
    '….reset_index() 30.0 % [.reset_index()]',
    'df.groupby("a)") 20.0 % [df.groupby("a)")]',
  ]);
  expect(
    words('print(sum(n * n for n in r))', ['n * n', 40], ['sum(n * n for n in r)', 60]),
  ).toEqual(['sum(… for n in r) 60.0 % [sum(|for n in r)]', 'n * n 40.0 % [n * n]']);
  expect(
    words('s = sum(f(n) for n in r)', ['(f(n) for n in r)', 40], ['sum(f(n) for n in r)', 60]),
  ).toEqual(['sum(…) 60.0 % [sum]', '(f(n) for n in r) 40.0 % [(f(n) for n in r)]']);
});

test('a line of one expression lists none', () => {
  expect(words('    x = slow(3)', ['slow(3)', 99], ['x', 1])).toEqual([]);
  expect(words('for x in slow(3):', ['slow(3)', 99], ['x', 1])).toEqual([]);
  expect(words('return slow(3)  # of (3)', ['slow(3)', 99], ['return slow(3)', 1])).toEqual([]);
  expect(words('x = y', ['y', 60], ['x', 40])).toEqual([]);
  expect(words('print(slow(3))', ['slow(3)', 99], ['print(slow(3))', 1])).toEqual([
    'slow(3) 99.0 % [slow(3)]',
  ]);
  expect(expressionsOf([], 'f(1) + g(2)')).toEqual([]);
});

test('columns are converted from bytes to characters', () => {
  const line = '\tname["größe 🎉"] = f("ü") + g("🎉🎉") * h(1)';
  expect(words(line, ['f("ü")', 50], ['g("🎉🎉")', 30], ['h(1)', 20])).toEqual([
    'f("ü") 50.0 % [f("ü")]',
    'g("🎉🎉") 30.0 % [g("🎉🎉")]',
    'h(1) 20.0 % [h(1)]',
  ]);
});

test('an expression that continues on the next line is cut at the end of its first line', () => {
  const line = 'c = f(1) + g(  # two';
  const parts = [part(line, 'f(1)', 40), { ...part(line, 'g(', 60), end: Infinity }];
  expect(expressionsOf(parts, line)).toMatchObject([
    { text: 'g(', percent: '60.0 %', segments: [{ start: 11, end: 13 }] },
    { text: 'f(1)', percent: '40.0 %' },
  ]);
});

test('unknown columns are in no expression, and impossible columns are not shown', () => {
  const line = 'x = first(1) + second(2)';
  const known = part(line, 'first(1)', 50);
  const unknown = { start: 0, end: 0, amount: 50, samples: 9 };
  expect(expressionsOf([known, unknown], line)).toMatchObject([
    { text: 'first(1)', percent: '50.0 %' },
  ]);
  expect(expressionsOf([unknown], line)).toEqual([]);
  for (const wrong of ['irst(1)', 'first(', '1) + second(2', ' + ', 'secon']) {
    expect(words(line, [wrong, 100]), wrong).toEqual([]);
  }
  const beyond = { start: 20, end: 400, amount: 50, samples: 9 };
  const inside = { ...part('ü(1)', 'ü', 50), start: 2 };
  expect(expressionsOf([beyond], line)).toEqual([]);
  expect(expressionsOf([inside], 'ü(1)')).toEqual([]);
  // Neither is inside the other.
  expect(words('a(1) + b(2) + c(3)', ['a(1) + b(2)', 50], ['b(2) + c(3)', 50])).toEqual([
    'a(1) + b(2) 50.0 % [a(1) + b(2)]',
  ]);
});

test('a long expression is cut in the middle', () => {
  const long = `f(${'abcdefgh, '.repeat(20)}z)`;
  const [first] = words(`x = ${long} + g(1)`, [long, 80], ['g(1)', 20]);
  expect(first).toMatch(/^f\(abcdefgh, .* … .*, z\) 80\.0 %/);
});

/** A line table of 3.11 and later: each unit on a line of its own choice, at columns (1-based; the second one past the last). */
function locations(
  first: number,
  units: [line: number, start: number, end: number, lines?: number][],
): Uint8Array {
  let before = first;
  const varint = (value: number): number[] =>
    value < 64 ? [value] : [(value & 63) | 64, ...varint(value >> 6)];
  return Uint8Array.from(
    units.flatMap(([line, start, end, lines = 0]) => {
      const delta = line - before;
      before = line;
      const signed = delta < 0 ? -delta * 2 + 1 : delta * 2;
      // No columns, or the long form; one unit each.
      return start === 0
        ? [0x80 | (13 << 3), ...varint(signed)]
        : [0x80 | (14 << 3), ...varint(signed), ...varint(lines), ...varint(start), ...varint(end)];
    }),
  );
}

test('samples count for the part that the outermost frame on the line is in', () => {
  const builder = new ProfileBuilder(() => undefined);
  const feed = builder.addProcess(header);
  feed.record({
    kind: 'process',
    hexversion: 0x030c01f0,
    engine: 'native',
    pythonVersion: '3.12.1',
    executable: '/usr/bin/python3',
    cwd: '/project',
    argv: ['python3', 'a.py'],
    architecture: 'x86_64',
  });
  feed.record({ kind: 'thread', thread: 1, tid: 100, startNs: 0, name: '', makerTid: 0 });
  const code = (id: number, name: string, lineTable: Uint8Array): void =>
    feed.record({
      kind: 'code',
      code: id,
      firstLine: 5,
      filename: 'a.py',
      name,
      qualname: name,
      lineTable,
    });
  // Line 5: `return fib(n - 1) + fib(n - 2)`, a sort with a lambda, something over two lines, and without columns.
  code(
    1,
    'fib',
    locations(5, [
      [5, 8, 18],
      [5, 21, 31],
      [5, 8, 31],
      [5, 40, 60],
      [5, 70, 3, 1],
      [5, 0, 0],
    ]),
  );
  code(2, '<lambda>', locations(5, [[5, 50, 55]]));
  code(3, 'elsewhere', locations(5, [[9, 1, 4]]));
  let stacks = 0;
  const stack = (...frames: [code: number, unit: number][]): number => {
    let parent = 0;
    for (const [of, unit] of frames) {
      feed.record({ kind: 'stack', parent, code: of, instruction: unit * 2, between: 0 });
      parent = ++stacks;
    }
    return parent;
  };
  let timeNs = 0;
  const spend = (count: number, at: number): void => {
    for (let round = 0; round < count; round++) {
      feed.record(sample({ timeNs: (timeNs += ms), stack: at }));
    }
  };
  spend(4, stack([1, 0], [1, 1], [1, 2]));
  spend(2, stack([1, 1], [1, 0], [3, 0]));
  spend(1, stack([1, 2]));
  spend(8, stack([1, 3], [3, 0], [2, 0]));
  spend(16, stack([1, 3]));
  spend(32, stack([1, 4]));
  spend(64, stack([1, 5]));
  spend(128, stack([3, 0]));
  const expected = { '8-18': 4, '21-31': 2, '8-31': 1, '50-55': 8, '40-60': 16 };
  const all = { ...expected, '70-Infinity': 32, '0-0': 64 };
  const profile = builder.snapshot();
  expect(costs(lineDetail(builder, '/project/a.py', 5).parts)).toEqual(all);
  const line = profile.files.get('/project/a.py')!.lines.find((row) => row.line === 5)!;
  expect(line.total.python / ms).toBe(127);
  expect(lineDetail(builder, '/project/a.py', 6)).toEqual({ parts: [], kernel: [] });
  // The same once the process has ended and was folded away.
  feed.finish('ended');
  expect(costs(lineDetail(builder, '/project/a.py', 5).parts)).toEqual(all);
});

function costs(parts: readonly LinePart[]): Record<string, number> {
  return Object.fromEntries(
    parts.map(({ start, end, cost }) => [`${start}-${end}`, Math.round(cost.python / ms)]),
  );
}
