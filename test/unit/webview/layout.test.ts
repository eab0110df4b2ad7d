import { describe, expect, it } from 'vitest';
import { childrenOf, layoutMerged, mergeStacks, offsetOf } from '../../../webview/model/merged';
import { FlameStore } from '../../../webview/model/store';
import { amountOf, functionTable, selfStacks } from '../../../webview/model/stats';
import { sumByStack } from '../../../webview/model/sums';
import { layoutTimeOrder, stacksUnder, stacksUnderNode } from '../../../webview/model/timeOrder';
import { dominantStacks } from '../../../webview/model/dominant';
import { sampleAt } from '../../../webview/model/track';
import { decodeFlameChunk, encodeFlameChunk } from '../../../protocol/flameChunk';
import { flameTables } from '../flameTables';

/** Stacks: 0 main · 1 main>a · 2 main>a>b · 3 main (another line) · 4 main>c · 5 main>a>a (recursion) · 6 main>c>read. */
const program = {
  stacks: [
    'main:1',
    'main:1 a:5',
    'main:1 a:5 b:9',
    'main:2',
    'main:2 c:7',
    'main:1 a:5 a:6',
    'main:2 c:7 read:0:native',
  ],
};
const merged = (samples: [string, number, number][]): FlameStore => {
  const store = new FlameStore();
  store.append(flameTables({ ...program, threads: [samples] }));
  return store;
};

describe('flame store', () => {
  it('holds the same after a run that came in pieces as after one that came at once', () => {
    const samples: [string, number, number][] = [
      ['main:1 a:5', 0, 10],
      ['main:2 c:7', 10, 5],
      ['', 15, 1],
    ];
    const store = merged(samples);
    const chunks = new FlameStore();
    const tables = flameTables({ ...program, threads: [samples] });
    const none = { stack: new Uint32Array(), time: new Float64Array() };
    const empty = tables.threads.map((thread) => ({
      ...thread,
      ...none,
      wall: new Float64Array(),
      cpu: new Float64Array(),
    }));
    chunks.append(decodeFlameChunk(encodeFlameChunk({ ...tables, threads: empty })));
    const rest = {
      strings: [],
      functions: {
        name: new Uint32Array(),
        file: new Uint32Array(),
        line: new Uint32Array(),
        module: new Uint32Array(),
      },
      frames: {
        function: new Uint32Array(),
        line: new Uint32Array(),
        column: new Uint32Array(),
        kind: new Uint8Array(),
      },
      stacks: { frame: new Uint32Array(), parent: new Int32Array() },
      threads: tables.threads,
    };
    chunks.append(decodeFlameChunk(encodeFlameChunk(rest)));
    expect(chunks.endNs).toBe(16);
    expect(chunks.tracks[0]).toMatchObject({ count: 3, wallNs: 16, unattributedNs: 1, rows: 2 });
    expect(chunks.nodeCount).toBe(store.nodeCount);
    expect(chunks.stackNode.slice(0, 7)).toEqual(store.stackNode.slice(0, 7));
  });

  it('folds lines of one function into one node and keeps callers apart', () => {
    const store = merged([]);
    const node = (stack: number): number => store.stackNode[stack]!;
    expect(node(0)).toBe(node(3));
    expect(node(1)).not.toBe(node(4));
    expect(store.nodeParent[node(5)]).toBe(node(1));
    expect(store.nodeDepth[node(2)]).toBe(2);
  });

  it('finds ancestors of deep stacks', () => {
    const store = new FlameStore();
    const deep = Array.from({ length: 5000 }, (_, i) => `f${i % 7}:1`).join(' ');
    store.append(flameTables({ stacks: [deep], threads: [] }));
    for (const depth of [0, 1, 2, 63, 64, 1023, 4095, 4998, 4999]) {
      expect(store.stackDepth[store.ancestor(4999, depth)]).toBe(depth);
    }
  });

  it('refuses rows that name what does not exist', () => {
    const tables = flameTables({ stacks: ['main:1'], threads: [] });
    tables.stacks.frame[0] = 99;
    expect(() => new FlameStore().append(tables)).toThrow(/damaged \(frame 99 does not exist\)/u);
  });
});

describe('time order', () => {
  it('shows one stack per pixel, its callers above, and gaps as gaps', () => {
    const store = merged([
      ['main:1 a:5 b:9', 0, 10],
      ['main:1 a:5', 10, 10],
      ['main:2', 40, 10],
    ]);
    const columns = new Int32Array(5);
    dominantStacks(store, store.tracks[0]!, 0, 10, 5, columns);
    expect([...columns]).toEqual([2, 1, -1, -1, 3]);
    const cells = new Int32Array(10);
    layoutTimeOrder(store, columns, 5, 1, 2, cells);
    expect([...cells]).toEqual([1, 1, -1, -1, -1, 2, -1, -1, -1, -1]);
  });

  it('lets the longest of many samples stand for a pixel, wherever the view begins', () => {
    const samples: [string, number, number][] = [];
    for (let i = 0; i < 1000; i++) {
      const name = i % 10 === 0 ? 'main:2 c:7' : 'main:1 a:5';
      samples.push([name, i * 10, 10]);
    }
    const store = merged(samples);
    const track = store.tracks[0]!;
    for (const start of [0, 3, 777]) {
      const columns = new Int32Array(8);
      dominantStacks(store, track, start, 1024, 8, columns);
      expect([...columns]).toEqual(new Array(8).fill(1));
    }
    expect(sampleAt(track, 9999)).toBe(999);
    expect(sampleAt(track, 10_000)).toBe(-1);
  });

  it('gives the same from its cache as without', () => {
    const samples: [string, number, number][] = [];
    for (let i = 0; i < 500; i++) samples.push([program.stacks[i % 7]!, i * 7, 5 + (i % 3)]);
    const kept = merged(samples);
    for (const start of [0, 40, 41.5, 20, 900]) {
      const fresh = merged(samples);
      const [a, b] = [new Int32Array(64), new Int32Array(64)];
      dominantStacks(kept, kept.tracks[0]!, start, 13, 64, a);
      dominantStacks(fresh, fresh.tracks[0]!, start, 13, 64, b);
      expect(a).toEqual(b);
    }
  });
});

describe('left heavy', () => {
  const store = merged([
    ['main:1 a:5 b:9', 0, 30],
    ['main:2 c:7', 30, 50],
    ['main:1 a:5', 80, 10],
    ['main:2', 90, 10],
    ['', 100, 10],
  ]);
  const sums = sumByStack(store, store.tracks, 0, Infinity);
  const tree = mergeStacks(store, sums.wall, sums.samples);
  const node = (stack: number): number => store.stackNode[stack]!;

  it('sums paths and puts the heaviest first', () => {
    expect(tree.rootTotal).toBe(100);
    expect(tree.total[node(0)]).toBe(100);
    expect(tree.total[node(1)]).toBe(40);
    expect([...childrenOf(tree, node(0))]).toEqual([node(4), node(1)]);
    expect(offsetOf(tree, node(2))).toBe(50);
    expect(tree.stack[node(0)]).toBe(3);
  });

  it('lays out only what is in view', () => {
    const cells = new Int32Array(30);
    layoutMerged(tree, 0, 10, 10, 0, 3, cells);
    const [m, a, b, c] = [node(0), node(1), node(2), node(4)];
    expect([...cells.subarray(0, 10)]).toEqual(new Array(10).fill(m));
    expect([...cells.subarray(10, 20)]).toEqual([c, c, c, c, c, a, a, a, a, -1]);
    expect([...cells.subarray(20, 30)]).toEqual([-1, -1, -1, -1, -1, b, b, b, -1, -1]);
    layoutMerged(tree, 50, 5, 4, 1, 1, cells);
    expect([...cells.subarray(0, 4)]).toEqual([a, a, a, a]);
  });
});

describe('sums', () => {
  const store = merged([
    ['main:1 a:5 a:6', 0, 30],
    ['main:2 c:7 read:0:native', 30, 50],
    ['main:1 a:5', 80, 20],
  ]);
  const sums = sumByStack(store, store.tracks, 0, Infinity);
  const functionOf = (stack: number): number => store.frameFunction[store.stackFrame[stack]!]!;
  const marked = (stack: number): Uint8Array => {
    const frames = new Uint8Array(store.frameCount);
    for (let i = 0; i < frames.length; i++) {
      if (store.frameFunction[i] === functionOf(stack)) frames[i] = 1;
    }
    return stacksUnder(store, frames);
  };

  it('count recursion once, and native time as its Python caller’s self time', () => {
    expect(amountOf(sums, marked(1)).wall).toBe(50);
    expect(amountOf(sums, selfStacks(store, functionOf(4), 0))).toMatchObject({
      wall: 50,
      samples: 1,
    });
    expect(amountOf(sums, stacksUnderNode(store, store.stackNode[5]!)).wall).toBe(30);
    const rows = functionTable(store, sums.wall).map(({ fn, self, total }) => {
      return [store.describeFunction(fn).name, self, total];
    });
    expect(rows).toEqual([
      ['a', 50, 50],
      ['c', 50, 50],
      ['read', 50, 50],
      ['main', 0, 100],
    ]);
  });

  it('cut samples at the edges of a range', () => {
    const part = sumByStack(store, store.tracks, 20, 40);
    expect(amountOf(part, null)).toEqual({ wall: 20, cpu: 20, samples: 2 });
  });
});
