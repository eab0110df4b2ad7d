/** The tables of numbers behind what is read very often, beside plain maps and arrays that say the same. */
import { expect, test } from 'vitest';
import { Blocks } from '../../../../profile/memory/blocks';
import { Changes } from '../../../../profile/memory/changes';
import { NumberTable } from '../../../../profile/stacks/numberTable';
import { below, seeded } from '../../random';

test('blocks are found by their numbers until they are removed', () => {
  const random = seeded(1);
  const blocks = new Blocks();
  const alive = new Map<number, number>();
  for (let number = 1; number <= 20_000; number++) {
    const place = blocks.add(number, number % 7);
    blocks.bytes[place] = number * 2;
    alive.set(number, place);
    // Some live long, most of them do not; there are times with more of them and with fewer.
    for (let left = below(random, number % 4000 < 2000 ? 2 : 4); left > 0; left--) {
      const other = 1 + below(random, number);
      blocks.remove(other);
      alive.delete(other);
      expect(blocks.find(other)).toBe(-1);
    }
  }
  expect(alive.size).toBeGreaterThan(100);
  for (let number = 0; number <= 20_001; number++) {
    const place = blocks.find(number);
    expect(place).toBe(alive.get(number) ?? -1);
    if (place < 0) continue;
    expect([blocks.site[place], blocks.bytes[place]]).toEqual([number % 7, number * 2]);
  }
  expect(new Set(alive.values()).size).toBe(alive.size);
});

test('changes by slice are those that were added, also after slices are joined', () => {
  const random = seeded(2);
  const changes = new Changes();
  let dense = Array.from({ length: 30 }, () => new Float64Array(64));
  for (let count = 0; count < 5000; count++) {
    // Mostly the newest slice, now and then one from before.
    const newest = Math.floor((count % 1000) / 16);
    const slice = below(random, 10) === 0 ? below(random, newest + 1) : newest;
    const row = below(random, 30);
    const by = below(random, 100) - 50;
    changes.add(row, slice, by);
    dense[row]![slice]! += by;
    if (count % 1000 !== 999) continue;
    changes.join();
    dense = dense.map((of) => of.map((_, at) => (at < 32 ? of[2 * at]! + of[2 * at + 1]! : 0)));
    for (const [at, expected] of dense.entries()) {
      const found = new Float64Array(64);
      changes.each(at, (in_, more) => (found[in_] = more));
      expect(found).toEqual(expected);
    }
  }
});

test('a number table returns the value of each pair that was added', () => {
  const random = seeded(3);
  const table = new NumberTable();
  const expected = new Map<string, number>();
  for (let value = 1; value < 5000; value++) {
    const first = below(random, 2) * 2 ** 46 + below(random, 2000);
    const second = below(random, 3);
    expect(table.get(first, second)).toBe(expected.get(`${first} ${second}`) ?? 0);
    table.set(first, second, value);
    expected.set(`${first} ${second}`, value);
  }
  for (const [key, value] of expected) {
    const [first, second] = key.split(' ').map(Number) as [number, number];
    expect(table.get(first, second)).toBe(value);
  }
});
