import { expect, test } from 'vitest';
import { mapLines } from '../../../server/editing/lineMap';
import { below, seeded } from '../random';

function places(before: string, after: string): string[] {
  const [old, now] = [before.split(' '), after.split(' ')];
  const map = mapLines(old, now);
  return old.map((_, index) => {
    const place = map.toCurrent(index + 1);
    return place ? `${place.line}${place.stale ? '*' : ''}` : '-';
  });
}

test.each([
  ['the same text', 'a b c', 'a b c', '1 2 3'],
  ['a line above', 'a b c', 'x a b c', '2 3 4'],
  ['a line in between', 'a b c', 'a x b c', '1 3 4'],
  ['a deleted line', 'a b c', 'a c', '1 - 2'],
  ['a changed line', 'a b c', 'a x c', '1 2* 3'],
  ['a changed line grown to two', 'a b c', 'a x y c', '1 2* 4'],
  ['two lines become one', 'a b c d', 'a x d', '1 2* - 3'],
  ['nothing left', 'a b', '', '1* -'],
  ['repeated lines', 'a r b r c r', 'a r x b r c r', '1 2 4 5 6 7'],
  ['a moved line', 'a b c d e', 'b c d e a', '- 1 2 3 4'],
  ['only repeated lines', 'r r r', 'r r r r', '1 2 3'],
])('lines are mapped after an edit: %s', (_, before, after, expected) => {
  expect(places(before, after).join(' ')).toBe(expected);
});

test('white space at the end of a line and line ends do not count', () => {
  const map = mapLines(['a', 'b'], ['a \r', 'b\t']);
  expect(map.toCurrent(2)).toEqual({ line: 2, stale: false });
});

test('lines outside the text are mapped to nothing', () => {
  const map = mapLines(['a'], ['a']);
  expect([map.toCurrent(0), map.toCurrent(2), map.toCaptured(9)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('for random edits both directions agree, order is kept, and lines not marked stale have equal text', () => {
  const random = seeded(3);
  for (let round = 0; round < 500; round++) {
    const words = 2 + below(random, 30);
    const old = Array.from({ length: below(random, 40) }, () => `w${below(random, words)}`);
    const now = old.flatMap((line) => {
      const what = random();
      return what < 0.1
        ? []
        : what < 0.2
          ? [`n${below(random, 9)}`]
          : what < 0.3
            ? ['i', line]
            : [line];
    });
    const map = mapLines(old, now);
    let last = 0;
    old.forEach((line, index) => {
      const place = map.toCurrent(index + 1);
      if (place) {
        expect(place.line).toBeGreaterThan(last);
        last = place.line;
        expect(map.toCaptured(place.line)).toEqual({ line: index + 1, stale: place.stale });
        expect(!place.stale && now[place.line - 1] !== line).toBe(false);
      }
    });
  }
});

test('ten thousand lines are mapped quickly', () => {
  const random = seeded(5);
  const old = Array.from({ length: 10_000 }, (_, index) =>
    random() < 0.4 ? 'return None' : `line ${index}`,
  );
  const now = old.filter(() => random() > 0.05);
  const other = Array.from({ length: 10_000 }, () => `other ${below(random, 50)}`);
  const start = performance.now();
  mapLines(old, now);
  mapLines(old, other);
  mapLines(other, [...other].reverse());
  expect(performance.now() - start).toBeLessThan(500);
});
