/** What is kept of long tracks gives the same figures as reading every sample. */
import { beforeAll, describe, expect, it } from 'vitest';
import { addActivity, createActivity, markColumns } from '../../../webview/model/activity';
import { FlameStore } from '../../../webview/model/store';
import { sumByStack } from '../../../webview/model/sums';
import type { FlameTables } from '../../../profile/flame/tables';
import { blockOf } from '../../../webview/state/navigate';
import { createState, type Focus } from '../../../webview/state/state';
import { flameTables } from '../flameTables';
import { below, seeded } from '../random';

const program = flameTables({
  stacks: ['main:1 a:5 b:9', 'main:1 read:0:native', 'main:2 idle:0:wait', 'main:2 a:6'],
  threads: [[]],
});
const unknown = 0xffffffff;
const rare = program.stacks.frame.length - 1;

interface Row {
  stack: number;
  time: number;
  wall: number;
  cpu: number;
}

/** Samples one after the other, with gaps and such that take no time; the last stack is seen once. */
function rowsOf(count: number, seed: number, startNs = 0): Row[] {
  const random = seeded(seed);
  let time = startNs;
  return Array.from({ length: count }, (_, i) => {
    if (random() < 0.01) time += 500;
    const wall = below(random, 20) * (random() < 0.001 ? 1000 : 1);
    const stack = i === count >>> 1 ? rare : random() < 0.05 ? unknown : below(random, rare);
    const row = { stack, time, wall, cpu: random() < 0.3 ? 0 : below(random, 10) };
    time += wall;
    return row;
  });
}

function piece(rows: readonly Row[], anewNs = Infinity): FlameTables {
  const [thread] = program.threads;
  return {
    strings: [],
    functions: { name: none(), file: none(), line: none(), module: none() },
    frames: { function: none(), line: none(), column: none(), kind: new Uint8Array() },
    stacks: { frame: none(), parent: new Int32Array() },
    threads: [
      {
        ...{ ...thread!, anewNs },
        stack: Uint32Array.from(rows, ({ stack }) => stack),
        time: Float64Array.from(rows, ({ time }) => time),
        wall: Float64Array.from(rows, ({ wall }) => wall),
        cpu: Float64Array.from(rows, ({ cpu }) => cpu),
      },
    ],
  };
}

function none(): Uint32Array {
  return new Uint32Array();
}

/** Takes rows in pieces of odd sizes. */
function storeOf(rows: readonly Row[]): FlameStore {
  const store = new FlameStore();
  store.append(program);
  for (let at = 0; at < rows.length; at += 77_777) {
    store.append(piece(rows.slice(at, at + 77_777)));
  }
  return store;
}

/** Sums of a part, sample by sample. */
function plainSums(rows: readonly Row[], fromNs: number, toNs: number): number[][] {
  const sums = [0, 1, 2].map(() => new Array<number>(program.stacks.frame.length).fill(0));
  for (const { stack, time, wall, cpu } of rows) {
    const inside = Math.min(time + wall, toNs) - Math.max(time, fromNs);
    if (stack === unknown || time >= toNs || time + wall <= fromNs) continue;
    sums[0]![stack]! += inside;
    sums[1]![stack]! += inside === wall ? cpu : (cpu * inside) / wall;
    sums[2]![stack]! += 1;
  }
  return sums;
}

function expectSums(store: FlameStore, rows: readonly Row[], fromNs: number, toNs: number): void {
  const { wall, cpu, samples } = sumByStack(store, store.tracks, fromNs, toNs);
  const plain = plainSums(rows, fromNs, toNs);
  [wall, cpu, samples].forEach((column, i) => {
    column.forEach((sum, stack) => expect(sum).toBeCloseTo(plain[i]![stack]!, 6));
  });
}

const rows = rowsOf(600_000, 1);
let store: FlameStore;
beforeAll(() => {
  store = storeOf(rows);
});

describe('sums by stack', () => {
  it('add up all samples of the range, wherever the range begins and ends', () => {
    const random = seeded(2);
    expect(store.tracks[0]!.stretches).toHaveLength(4);
    const at = (sample: number): number => rows[sample]!.time;
    const edges = [
      0,
      at(131_071),
      at(131_072),
      at(131_072) + 3,
      at(262_144),
      at(524_288),
      Infinity,
    ];
    for (let i = 0; i < 20; i++) edges.push(random() * store.endNs);
    for (const from of edges) {
      const to = edges[below(random, edges.length)]!;
      expectSums(store, rows, Math.min(from, to), Math.max(from, to));
    }
  });

  it('leave out rows that were replaced', () => {
    const changing = storeOf(rows);
    const fromNs = rows[300_000]!.time;
    const kept = rows.filter(({ time }) => time < fromNs);
    const anew = rowsOf(400_000, 3, fromNs);
    changing.append(piece(anew, fromNs));
    expectSums(changing, [...kept, ...anew], 0, Infinity);
    expectSums(changing, [...kept, ...anew], 1e6, 6e6);
    const other = storeOf([...kept, ...anew]);
    expect(activityOf(changing, 500)).toEqual(activityOf(other, 500));
  });
});

function activityOf(of: FlameStore, columns: number): Float64Array[] {
  const activity = createActivity(columns);
  for (const track of of.tracks) addActivity(of, track, of.endNs / columns, activity);
  return activity;
}

describe('the run in columns', () => {
  it('has the CPU time of each kind in the column where it was spent', () => {
    for (const columns of [1, 7, 500, 40_000]) {
      const stepNs = store.endNs / columns;
      const plain = createActivity(columns);
      for (const { stack, time, wall, cpu } of rows) {
        const kind = stack === unknown ? 0 : store.frameKind[store.stackFrame[stack]!]!;
        const from = Math.min(columns - 1, Math.floor(time / stepNs));
        const to = Math.min(columns - 1, Math.floor((time + wall) / stepNs));
        for (let x = from; x <= to; x++) plain[kind < 3 ? kind : 0]![x]! += cpu / (to - from + 1);
      }
      activityOf(store, columns).forEach((sums, kind) => {
        const most = sums.reduce(
          (worst, sum, x) => Math.max(worst, Math.abs(sum - plain[kind]![x]!)),
          0,
        );
        expect(most).toBeLessThan(1e-3);
      });
    }
  });

  it('is marked in the columns where a stack runs', () => {
    for (const columns of [1, 7, 500, 40_000]) {
      const stepNs = store.endNs / columns;
      for (const wanted of [0, 3, rare]) {
        const marked = Uint8Array.from(
          store.stackFrame.subarray(0, store.stackCount),
          (_, stack) => (stack === wanted ? 1 : 0),
        );
        const plain = new Uint8Array(columns);
        for (const { stack, time, wall } of rows) {
          if (stack !== wanted) continue;
          const from = Math.floor(time / stepNs);
          plain.fill(1, from, Math.max(from + 1, Math.ceil((time + wall) / stepNs)));
        }
        const found = new Uint8Array(columns);
        markColumns(store.tracks[0]!, marked, stepNs, found);
        expect(found).toEqual(plain);
        expect(found).toContain(1);
      }
    }
  });
});

describe('the block of a frame', () => {
  it('is the same from any sample inside it, and new when it has grown', () => {
    const samples = (stacks: number[], startNs: number): Row[] =>
      stacks.map((stack, i) => ({ stack, time: startNs + i * 10, wall: 10, cpu: 10 }));
    const state = createState();
    state.store.append(program);
    state.store.append(piece(samples([0, 1, unknown, 0, 0], 0)));
    const [track] = state.store.tracks;
    const focus = (timeNs: number): Focus => ({
      ...{ track: track!, stack: 0, timeNs },
      node: state.store.stackNode[0]!,
    });
    expect(blockOf(state, focus(5))).toEqual({ start: 0, end: 20, samples: 2 });
    expect(blockOf(state, focus(15))).toEqual({ start: 0, end: 20, samples: 2 });
    expect(blockOf(state, focus(45))).toEqual({ start: 30, end: 50, samples: 2 });
    state.store.append(piece(samples([1, 3, 2], 50)));
    expect(blockOf(state, focus(45))).toEqual({ start: 30, end: 80, samples: 5 });
  });
});
