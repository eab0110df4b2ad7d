/** The records that the agent writes, as its C says, against the table: kinds, fields and the numbers that stand for words. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  allocationSources,
  moduleKinds,
  sampleFlags,
  sampleStates,
} from '../../../recording/codes';
import { recordTable } from '../../../recording/table';

const native = new URL('../../../profiler-agent/native/', import.meta.url);
const record = new URL('record/', native);
const withoutComments = (text: string): string => text.replace(/\/\/.*|\/\*[^]*?\*\//g, '');
const read = (file: URL): string => withoutComments(readFileSync(file, 'utf8'));
const encoders = readdirSync(record)
  .filter((name) => /\.[ch]$/.test(name))
  .map((name) => read(new URL(name, record)))
  .join('\n');
const headers = ['sample/sampler.h', 'sample/ring.h', 'unwind/modules.h', 'memory/memory.h'];
const constants = constantsOf(
  [encoders, ...headers.map((name) => read(new URL(name, native)))].join('\n'),
);

/** Enumerators, and macros that are a number. */
function constantsOf(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [, name, value] of text.matchAll(/^#define (\w+) (\d+)$/gm)) {
    found.set(name!, Number(value));
  }
  for (const [, body] of text.matchAll(/\benum(?: \w+)? \{([^}]*)\}/g)) {
    let next = 0;
    for (const [, name, value] of body!.matchAll(/(\w+)(?: = ([^,]+))?\s*(?:,|$)/g)) {
      next = value === undefined ? next : valueOf(value);
      found.set(name!, next++);
    }
  }
  return found;
}

function valueOf(expression: string): number {
  const [base, shift = '0'] = expression.trim().split(' << ');
  const value = Number(base) * 2 ** Number(shift);
  expect(value, expression).not.toBeNaN();
  return value;
}

const upperSnake = (name: string): string => name.replace(/[A-Z]/g, '_$&').toUpperCase();
const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** What only whoever makes a recording smaller writes. */
const notTheAgents = ['thinned', 'helped', 'memorySum', 'block', 'gpuPlace'];

test('the agent’s record kinds are those of the record table', () => {
  const expected = Object.entries(recordTable)
    .filter(([kind]) => !notTheAgents.includes(kind))
    .map(([kind, { number }]) => [`KIND_${upperSnake(kind)}`, number]);
  const said = [...constants].filter(([name]) => name.startsWith('KIND_'));
  expect(Object.fromEntries(said)).toEqual(Object.fromEntries(expected));
});

const words = {
  moduleKind: [
    'MODULE_OTHER',
    'MODULE_INTERPRETER',
    'MODULE_LIBC',
    'MODULE_AGENT',
    'MODULE_ANONYMOUS',
  ],
  source: ['MEMORY_MALLOC', 'MEMORY_PYTHON', 'MEMORY_MAP'],
};

test('the agent uses the table’s numbers for enumerations', () => {
  expect(moduleKinds.map((kind) => `MODULE_${upperSnake(kind)}`)).toEqual(words.moduleKind);
  expect(allocationSources).toEqual(['malloc', 'python', 'mapped']);
  for (const names of Object.values(words)) {
    expect(names.map((name) => constants.get(name))).toEqual(names.map((_, at) => at));
  }
});

test('the agent uses the table’s bits for a SAMPLE’s state and flags', () => {
  const names: Partial<Record<keyof typeof sampleFlags, string>> = { truncated: 'CUT' };
  const expected = Object.entries(sampleFlags)
    // Only whoever makes a recording smaller writes this one.
    .filter(([name]) => name !== 'settled')
    .map(([name, bit]) => [
      `SAMPLE_${names[name as keyof typeof sampleFlags] ?? upperSnake(name)}`,
      bit,
    ]);
  const states = sampleStates
    .map((state, at) => [`SAMPLE_${upperSnake(state)}`, at])
    .filter(([, at]) => at !== 0);
  const said = [...constants].filter(([name]) => name.startsWith('SAMPLE_'));
  expect(Object.fromEntries(said)).toEqual(Object.fromEntries([...states, ...expected]));
});

interface Put {
  wire: string;
  names: readonly string[];
  isConditional: boolean;
}

const wires: Readonly<Record<string, readonly string[]>> = {
  put_varint: ['varint'],
  put_svarint: ['svarint'],
  put_time: ['svarint'],
  put_u8: ['u8'],
  put_string: ['str'],
  put_text: ['str'],
  put_arguments: ['varint', 'str'],
};

/** The calls that write the fields between the start and the end of a record. */
function putsOf(body: string): Put[] {
  const puts: Put[] = [];
  const straight = body.replace(
    /for \(int i = 0; i < (\w+); i\+\+\) \{([^}]*)\}/g,
    (_, count: string, inner: string) => inner.repeat(constants.get(count)!),
  );
  for (const statement of straight.split(';')) {
    const call = /^\s*(if \(.*?\) )?(put_\w+)\((.*)\)\s*$/s.exec(statement);
    if (!call) continue;
    const [, condition, put, value] = call;
    const names = namesIn(put === 'put_bytes' ? value!.split(',')[0]! : value!);
    if (put === 'put_bytes') {
      // Its length was put before it.
      puts.splice(-1, 1, { ...puts.at(-1)!, wire: 'bytes', names });
      continue;
    }
    const of = wires[put!];
    expect(of, put).toBeDefined();
    puts.push(...of!.map((wire) => ({ wire, names, isConditional: condition !== undefined })));
  }
  return puts;
}

/** The variables and members that a value is made of, without those that only decide whether it is that value. */
function namesIn(value: string): string[] {
  const made = value.slice(value.indexOf('?') + 1).replace(/\w+->/g, '');
  return [...made.matchAll(/[a-z]\w*/g)].map(([name]) => camel(name));
}

interface Column {
  wire: string;
  name: string;
  isOptional: boolean;
}

function columnsOf(kind: keyof typeof recordTable): Column[] {
  return recordTable[kind].fields.flatMap(({ layout, isOptional }) =>
    layout.map((said) => {
      const [wire, name] = said.split(' ');
      return { wire: wire!, name: name!.replace(/Ns$/, ''), isOptional };
    }),
  );
}

describe('the fields that the agent writes', () => {
  const bodies = [...encoders.matchAll(/record_begin\(\);([^]*?)record_finish\(KIND_(\w+)\)/g)].map(
    ([, body, name]) => ({
      kind: camel(name!.toLowerCase()) as keyof typeof recordTable,
      body: body!,
    }),
  );

  test('are found for every kind but CHECK', () => {
    const expected = Object.keys(recordTable).filter(
      (kind) => kind !== 'check' && !notTheAgents.includes(kind),
    );
    expect(bodies.map(({ kind }) => kind).sort()).toEqual(expected.sort());
  });

  test.each(bodies)('are those of the record table: $kind', ({ kind, body }) => {
    const puts = putsOf(body);
    const columns = columnsOf(kind);
    expect(puts.map(({ wire }) => wire)).toEqual(
      columns.slice(0, puts.length).map(({ wire }) => wire),
    );
    // What it does not write may be absent, and so may what it writes only sometimes.
    expect(columns.slice(puts.length).filter(({ isOptional }) => !isOptional)).toEqual([]);
    puts.forEach(({ names, isConditional }, at) => {
      const { name: own, isOptional } = columns[at]!;
      expect(!isConditional || isOptional || own === 'opcode', own).toBe(true);
      // Two numbers that changed places have the same widths, but not the same names.
      if (columns.some(({ name }) => names.includes(name))) expect(names).toContain(own);
    });
  });
});
