import { expect, test } from 'vitest';
import {
  changeWithin,
  footprintAt,
  memoryByStack,
  type FlameMemoryMetric,
} from '../../../../profile/flame/memory';
import { mergeStacks } from '../../../../webview/model/merged';
import { FlameStore } from '../../../../webview/model/store';
import { decodeFlameChunk, encodeFlameChunk } from '../../../../protocol/flameChunk';
import { decodeFlameMemory, encodeFlameMemory } from '../../../../protocol/flameMemory';
import { ms, Program, startNs } from '../../recordings';

/** Two processes: one allocates early on line 3 and late on line 4, and frees the early half; the other starts later. */
function example() {
  const program = new Program();
  const other = new Program(
    { pid: 200, ppid: 100, startMonotonicNs: startNs + 500 * ms },
    program.builder,
  );
  const early = program.stack('a.py:main:1:2', 'a.py:f:1:3');
  const late = program.stack('a.py:main:1:2', 'a.py:f:1:4');
  const native = program.native('libc:malloc');
  const blocks = Array.from({ length: 10 }, (_, index) =>
    program.allocate({ size: 1000, stack: early, native, timeNs: (10 + index) * ms }),
  );
  program.record({ kind: 'footprint', timeNs: 30 * ms, resident: 50_000 });
  for (const block of blocks.slice(5)) program.free(block, 200 * ms);
  for (let index = 0; index < 10; index++) {
    program.allocate({ size: 400, stack: late, timeNs: (600 + index) * ms });
  }
  program.sample({ timeNs: 1000 * ms, stack: early });
  other.allocate({ size: 7000, stack: other.stack('b.py:g:1:2'), timeNs: 100 * ms });
  other.sample({ timeNs: 500 * ms });
  const memory = decodeFlameMemory(encodeFlameMemory(program.builder.flameMemory()));
  const store = new FlameStore();
  store.append(decodeFlameChunk(encodeFlameChunk(program.builder.flameSince(0).tables)));
  return { program, memory, store };
}

/** Totals of the call tree by function, roots first, as `name=bytes`. */
function totals(store: FlameStore, columns: ReturnType<typeof memoryByStack>): string[] {
  const merged = mergeStacks(store, columns.weight, columns.count);
  return Array.from({ length: store.nodeCount }, (_, node) => {
    const name = store.describeFunction(store.nodeFunction[node]!).name;
    return `${name}=${merged.total[node]}`;
  }).filter((text) => !text.endsWith('=0'));
}

test('stacks that only allocate are in the tables, weighted by what they allocated', () => {
  const { memory, store } = example();
  const by = (metric: FlameMemoryMetric, from = 0, to = Infinity) =>
    totals(store, memoryByStack(memory, store.stackCount, metric, from, to));
  expect(by('allocated')).toEqual(['main=14000', 'f=14000', 'g=7000']);
  expect(by('peak')).toEqual(['main=10000', 'f=10000', 'g=7000']);
  expect(by('growth')).toEqual(['main=9000', 'f=9000', 'g=7000']);
});

test('growth in a chosen time is what grew within that time', () => {
  const { memory, store } = example();
  const grown = (from: number, to: number) =>
    totals(store, memoryByStack(memory, store.stackCount, 'growth', from * ms, to * ms));
  expect(grown(0, 100)).toEqual(['main=10000', 'f=10000']);
  expect(grown(550, 700)).toEqual(['main=4000', 'f=4000', 'g=7000']);
  expect(grown(640, 1000)).toEqual([]);
  // Only giving back is no growth.
  expect(grown(150, 300)).toEqual([]);
});

test('memory freed in a chosen time is how far the stack’s memory fell, also after a rise', () => {
  const { memory, store } = example();
  const freed = (from: number, to: number) =>
    totals(store, memoryByStack(memory, store.stackCount, 'freed', from * ms, to * ms));
  expect(freed(150, 300)).toEqual(['main=5000', 'f=5000']);
  expect(freed(0, 300)).toEqual(['main=5000', 'f=5000']);
  expect(freed(0, Infinity)).toEqual(['main=5000', 'f=5000']);
  expect(freed(300, 1000)).toEqual([]);
  expect(changeWithin(memory, store.stackCount, 150 * ms, 700 * ms)).toEqual({
    grown: 11_000,
    freed: 5000,
  });
});

test('the footprint adds up the processes alive at the time', () => {
  const { memory } = example();
  const live = [5, 50, 300, 590, 610, 990].map((at) => footprintAt(memory, at * ms).live);
  expect(live).toEqual([0, 10_000, 5000, 5000, 16_000, 16_000]);
  expect(footprintAt(memory, 300 * ms).resident).toBe(50_000);
  expect(memory.processes[0]).toMatchObject({ pid: 100, peakBytes: 10_000, peakNs: 19 * ms });
  expect(memory.processes[1]).toMatchObject({ pid: 200, peakNs: 600 * ms });
});

test('the revision changes when the memory does; without measured memory the tables are empty', () => {
  const { program } = example();
  const before = program.builder.memoryRevision;
  program.sample();
  expect(program.builder.memoryRevision).toBe(before);
  program.allocate({ size: 1 });
  expect(program.builder.memoryRevision).toBeGreaterThan(before);
  const without = new Program();
  without.sample();
  expect(without.builder.memoryRevision).toBe(0);
  expect(without.builder.flameMemory().processes).toEqual([]);
});

test('bytes that are no memory tables are refused with a sentence', () => {
  const { program } = example();
  const good = encodeFlameMemory(program.builder.flameMemory());
  expect(() => decodeFlameMemory(new ArrayBuffer(64))).toThrow(/damaged/);
  expect(() => decodeFlameMemory(good.slice(0, good.byteLength - 8))).toThrow(/damaged/);
});
