import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeLineTable, lookUp, lookUpNearest } from '../../../../profile/stacks/lineTable';

interface Fixture {
  hexversion: number;
  codes: {
    source: string;
    name: string;
    firstLine: number;
    table: string;
    units: [number | null, number | null, number | null, number | null][];
  }[];
}

test.each(['3.9', '3.10', '3.11', '3.12', '3.13', '3.14', '3.15'])(
  'line tables of %s say what the interpreter says',
  (version) => {
    const fixture = JSON.parse(
      readFileSync(new URL(`../../fixtures/lineTables-${version}.json`, import.meta.url), 'utf8'),
    ) as Fixture;
    for (const code of fixture.codes) {
      const bytes = Uint8Array.from(Buffer.from(code.table, 'hex'));
      const table = decodeLineTable(fixture.hexversion, code.firstLine, bytes);
      const seen = code.units.map((_, unit) => lookUp(table, unit * 2));
      const truth = code.units.map(([line, endLine, column, endColumn]) => ({
        line: line ?? 0,
        endLine: endLine ?? 0,
        column: column === null ? 0 : column + 1,
        endColumn: endColumn === null ? 0 : endColumn + 1,
      }));
      expect(seen, `${code.source}: ${code.name}`).toEqual(truth);
    }
  },
);

test('a frame that has not started is on its first line', () => {
  const table = decodeLineTable(0x030b07f0, 12, Uint8Array.of(0xf8, 0x80));
  expect(lookUp(table, -1).line).toBe(12);
});

test('an instruction without a line counts for the one before it', () => {
  // 3.10: two bytes on line 5, two bytes on line 7, two without a line.
  const table = decodeLineTable(0x030a0df0, 5, Uint8Array.of(2, 0, 2, 2, 2, 0x80));
  expect(lookUp(table, 4).line).toBe(0);
  expect(lookUpNearest(table, 4).line).toBe(7);
  expect(lookUpNearest(table, 0).line).toBe(5);
});

test('damaged line tables never throw', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 48271) % 2147483647);
  for (let round = 0; round < 500; round++) {
    const bytes = Uint8Array.from({ length: random() % 40 }, () => random() & 255);
    for (const minor of [9, 10, 11, 13]) {
      const table = decodeLineTable(0x03000000 | (minor << 16), 1, bytes);
      expect(lookUpNearest(table, random() % 100)).toBeTypeOf('object');
    }
  }
});
