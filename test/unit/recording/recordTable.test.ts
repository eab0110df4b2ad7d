/** The table of record kinds against itself, both ways, and against STREAM.md. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  allocationSources,
  memoryFigures,
  moduleKinds,
  sampleFlags,
  severities,
} from '../../../recording/codes';
import { StreamEncoder } from '../../../recording/decode';
import { PayloadReader } from '../../../recording/payload';
import { RecordDecoder, SharedContents } from '../../../recording/recordDecoder';
import { cellTops, type StreamRecord } from '../../../recording/records';
import { type Kind, recordTable } from '../../../recording/table';
import { below, seeded } from '../random';
import { randomRecords } from '../randomRecords';

const kinds = Object.keys(randomRecords) as Kind[];
const document = readFileSync(
  new URL('../../../profiler-agent/STREAM.md', import.meta.url),
  'utf8',
);
const upperSnake = (name: string): string => name.replace(/[A-Z]/g, '_$&').toUpperCase();

/** Decodes what StreamEncoder encoded, one record at a time, in both ways. */
class BothWays {
  readonly #read = new PayloadReader((what) => new Error(`The record ${what}.`));
  readonly #decoders = [this.#decoder(), this.#decoder()] as const;

  decode(bytes: Uint8Array): (StreamRecord | undefined)[] {
    const [fast, byTable] = this.#decoders;
    const ways = [
      (kind: number) => fast.decode(kind),
      (kind: number) => byTable.decodeByTable(kind),
    ];
    return ways.map((way) => {
      this.#read.bytes = bytes;
      this.#read.at = 1;
      this.#read.end = bytes.length;
      this.#read.end = this.#read.varint() + this.#read.at;
      expect(this.#read.end).toBe(bytes.length);
      const record = way(bytes[0]!);
      expect(this.#read.at).toBe(this.#read.end);
      return record;
    });
  }

  #decoder(): RecordDecoder {
    return new RecordDecoder(this.#read, (what) => new Error(what), new SharedContents());
  }
}

test('random records survive the round trip with both decoders', () => {
  const random = seeded(13);
  const encoder = new StreamEncoder();
  const ways = new BothWays();
  for (let round = 0; round < 400; round++) {
    for (let at = 0; at < kinds.length; at++) {
      const record = randomRecords[kinds[below(random, kinds.length)]!](random);
      expect(ways.decode(encoder.encode(record))).toEqual([record, record]);
    }
  }
});

test.each(kinds)('%s survives the round trip', (kind) => {
  const random = seeded(recordTable[kind].number);
  const encoder = new StreamEncoder();
  const ways = new BothWays();
  for (let round = 0; round < 100; round++) {
    const record = randomRecords[kind](random);
    expect(ways.decode(encoder.encode(record))).toEqual([record, record]);
  }
});

describe('the table of records in STREAM.md', () => {
  const records = document.slice(document.indexOf('## Records'), document.indexOf('### Order'));
  const rows = records
    .split('\n')
    .map((line) => /^\| (\d+) +\| ([A-Z_]+) +\| (.*?) *\|$/.exec(line))
    .filter((row) => row !== null)
    .map(([, number, name, payload]) => ({ number: Number(number), name, payload: payload! }));

  test('lists exactly the kinds of the record table, by number', () => {
    const table = Object.entries(recordTable).map(([kind, { number }]) => [
      number,
      upperSnake(kind),
    ]);
    expect(rows.map(({ number, name }) => [number, name])).toEqual(table);
  });

  test.each(rows)('lists the fields of $name in order', ({ number, payload }) => {
    const kind = Object.values(recordTable).find((one) => one.number === number)!;
    const fields = kind.fields.flatMap(({ layout, isOptional }) =>
      layout.map((words, at) => ({ words, mayBeAbsent: isOptional && at === 0 })),
    );
    const said = payload
      .split(/(?=\b(?:varint|svarint|u8|u32|f64|str|bytes) `)/)
      .map((part) => ({
        words: /^(\w+) `(\w+)`/.exec(part)?.slice(1).join(' '),
        mayBeAbsent: /\babsent\b/.test(part),
      }))
      .filter(({ words }) => words !== undefined);
    expect(said).toEqual(fields);
  });

  test.each<[string, readonly string[]]>([
    ['moduleKind', moduleKinds],
    ['severity', severities],
    ['source', allocationSources],
    ['top', cellTops],
  ])('says what each number of %s stands for', (name, choices) => {
    const [, list] = new RegExp(`u8 \`${name}\`[^(|]*\\((0 [^)]*)\\)`).exec(records)!;
    const numbers = list!.split(' · ').map((choice) => Number(choice.split(' ')[0]));
    expect(numbers).toEqual(choices.map((_, at) => at));
  });

  test('names the figures in the mask of MEMORY_SUM', () => {
    const { payload } = rows.find(({ name }) => name === 'MEMORY_SUM')!;
    const named = [...payload.matchAll(/\b(\d) `(\w+)`/g)].map(([, bit, name]) => [
      Number(bit),
      name,
    ]);
    expect(named).toEqual(memoryFigures.map((name, bit) => [bit, name]));
  });
});

test('STREAM.md names the flags of a SAMPLE by their bits', () => {
  const table = document.slice(document.indexOf('| flag bits')).split('\n\n')[0]!;
  const named = [...table.matchAll(/^\| (\d) +\| `(\w+)`/gm)].map(([, bit, name]) => [
    name,
    2 ** Number(bit),
  ]);
  expect(Object.fromEntries(named)).toEqual(sampleFlags);
});
