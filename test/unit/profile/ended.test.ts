/** Processes that have ended are folded together: nothing of what they cost may change by that, and each takes little room. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ProfileBuilder } from '../../../profile/feed/builder';
import { footprintAt, memoryByStack, type FlameMemoryMetric } from '../../../profile/flame/memory';
import { FlameStore } from '../../../webview/model/store';
import { MeanFootprint } from '../../../profile/ended/meanFootprint';
import { memoryMetrics } from '../../../profile/metric';
import { packPoints, unpackPoints } from '../../../profile/memory/packedPoints';
import { callEdges } from '../../../profile/view/edges';
import { lineDetail } from '../../../profile/view/lineParts';
import { liveMemory } from '../../../profile/view/liveMemory';
import { memoryParts } from '../../../profile/view/memoryParts';
import { viewedPlaces, viewedProfile } from '../../../profile/view/viewed';
import { decodeFlameChunk, encodeFlameChunk } from '../../../protocol/flameChunk';
import { decodeFlameMemory, encodeFlameMemory } from '../../../protocol/flameMemory';
import { KnownBytes } from '../../../recording/knownBytes';
import { below, seeded } from '../random';
import { header, ms, Program, startNs } from '../recordings';

const second = 1000 * ms;

/** A run of children that do much the same: every kind of time, native frames, memory, a thread of a library. */
function children(count: number, placesApart: number, end: boolean): ProfileBuilder {
  const names = ['dgemm', 'memcpy', 'sorted', 'fgemm'];
  const builder = new ProfileBuilder((_, offset) => names[offset], { placesApart });
  for (let number = 0; number < count; number++) {
    const random = seeded(number % 5);
    const pid = 200 + number;
    const startMonotonicNs = startNs + number * second;
    const child = new Program({ pid, ppid: 100, startMonotonicNs }, builder);
    child.thread(1, pid);
    child.thread(2, pid + 100_000, 'pool');
    const module = { kind: 'module', moduleKind: 'other', bias: 0, path: '/lib/blas.so' } as const;
    child.record({ ...module, buildId: new Uint8Array(0) });
    child.record({ kind: 'native', parent: 0, module: 1, offset: below(random, 3), exact: false });
    const f = child.stack('a.py:main:1:2', `a.py:f:5:${6 + below(random, 3)}`);
    const g = child.stack('a.py:main:1:3', 1, 'b.py:g:1:2');
    const blocks: number[] = [];
    for (let left = 60; left > 0; left--) {
      const stack = [f, g, 0][below(random, 3)]!;
      const state = (['running', 'running', 'waiting', 'gil'] as const)[below(random, 4)]!;
      const cpuNs = state === 'running' ? ms : 0;
      child.sample({ stack, state, cpuNs, native: below(random, 2), thread: 1 + below(random, 2) });
      child.queue({ stack: f, wallNs: ms / 4 });
      const size = 1000 * (1 + below(random, 9));
      const block = child.allocate({ size, stack: f, native: below(random, 2) });
      blocks.push(block);
      if (left % 3 === 0) child.free(blocks.shift()!);
    }
    for (const block of blocks.splice(0, 20)) child.free(block, 150 * ms);
    child.allocate({ size: 500, stack: g });
    child.record({ kind: 'footprint', timeNs: 30 * ms, resident: 4e6 });
    // Long after its last word, so that it is known what the thread of the library did.
    child.feed.header({ ...header, startMonotonicNs, heartbeatNs: startMonotonicNs + 5 * second });
    if (end) child.feed.finish('full');
  }
  return builder;
}

/** The profile as plain data; what says that processes have ended left out. */
function plain(builder: ProfileBuilder): unknown {
  const profile = builder.snapshot();
  const files = [...profile.files.values()];
  return JSON.parse(
    JSON.stringify({
      ...profile,
      files,
      processes: profile.processes.map((process) => ({ ...process, state: '' })),
      edges: files.flatMap(({ path, lines }) =>
        lines.map(({ line }) => callEdges(builder, path, line)),
      ),
      details: files.flatMap(({ path, lines }) =>
        lines.map(({ line }) => [
          lineDetail(builder, path, line).parts,
          memoryMetrics.map((metric) => memoryParts(builder, path, line, metric)),
        ]),
      ),
    }),
  );
}

function flameOf(builder: ProfileBuilder): FlameStore {
  const store = new FlameStore();
  for (let cursor = 0, more = true; more;) {
    const piece = builder.flameSince(cursor);
    if (piece.empty) break;
    store.append(decodeFlameChunk(encodeFlameChunk(piece.tables)));
    ({ cursor, more } = piece);
  }
  return store;
}

/** Bytes of all stacks by the name of their innermost function. */
function memoryOf(builder: ProfileBuilder, metric: FlameMemoryMetric): Record<string, number> {
  const memory = decodeFlameMemory(encodeFlameMemory(builder.flameMemory()));
  const store = flameOf(builder);
  const { weight } = memoryByStack(memory, store.stackCount, metric, 0, Infinity);
  const sums: Record<string, number> = {};
  weight.forEach((bytes, stack) => {
    const { name } = store.describeFunction(store.nodeFunction[store.stackNode[stack]!]!);
    if (bytes > 0) sums[name] = (sums[name] ?? 0) + bytes;
  });
  return sums;
}

test('lines, functions and edges cost the same after ended processes are merged', () => {
  const running = plain(children(12, 1e6, false));
  expect(plain(children(12, 1e6, true))).toEqual(running);
  // Nor does it matter how many are told apart.
  expect(plain(children(12, 0, true))).toEqual(running);
  expect(JSON.stringify(running)).toContain('"helper"');
});

test('merging changes no figure when snapshots were taken during the run', () => {
  const builder = new ProfileBuilder(() => undefined, { placesApart: 0 });
  const unseen = new ProfileBuilder(() => undefined, { placesApart: 0 });
  for (const [of, looks] of [
    [builder, true],
    [unseen, false],
  ] as const) {
    for (let number = 0; number < 4; number++) {
      const child = new Program({ pid: 200 + number, ppid: 100 }, of);
      const stack = child.stack('a.py:main:1:2');
      child.sample({ stack });
      child.allocate({ size: 100, stack });
      if (looks) of.snapshot();
      child.sample({ stack });
      child.allocate({ size: 300, stack });
      child.end(0, 2);
      if (looks && number % 2 === 0) of.snapshot();
    }
  }
  expect(plain(builder)).toEqual(plain(unseen));
  const [file] = builder.snapshot().files.values();
  expect(file!.lines[0]!.memory).toMatchObject({ allocatedBytes: 1600, growthBytes: 1600 });
  expect(builder.memoryRevision).toBe(8);
});

test('the flame chart shows the same rows after ended processes are merged', () => {
  const [running, ended] = [false, true].map((end) => {
    const store = flameOf(children(6, 0, end));
    return store.tracks.map(({ pid, name, count, cpuNs }) => ({ pid, name, count, cpuNs }));
  });
  expect(ended).toEqual(running);
  expect(ended).toHaveLength(12);
});

test('the memory of merged processes adds up by stack, with coarser times', () => {
  const apart = children(12, 1e6, true);
  const merged = children(12, 0, true);
  for (const metric of ['allocated', 'peak', 'growth', 'freed'] as const) {
    const sums = memoryOf(apart, metric);
    expect(Object.keys(sums)).not.toEqual([]);
    if (metric !== 'freed') expect(memoryOf(merged, metric)).toEqual(sums);
  }
  // One is always told apart: the last.
  const { processes } = merged.flameMemory();
  expect(processes.map(({ pid, processes: several }) => [pid, several])).toEqual([
    [211, 1],
    [0, 11],
  ]);
  expect(apart.flameMemory().processes).toHaveLength(12);
  const over = (builder: ProfileBuilder) => {
    const { elapsedNs } = builder.snapshot();
    return liveMemory(builder, '/project/a.py', 6, 12, elapsedNs)!;
  };
  const [coarse, exact] = [over(merged), over(apart)];
  expect(coarse.at(-1)).toBe(exact.at(-1));
  // A slice may be of a little before or after.
  const ofOne = exact.at(-1)! / 12;
  coarse.forEach((bytes, at) => expect(Math.abs(bytes - exact[at]!)).toBeLessThan(1.5 * ofOne));
});

test('a leak in a merged process is still reported', () => {
  const run = (placesApart: number) => {
    const builder = new ProfileBuilder(() => undefined, { placesApart });
    for (const pid of [200, 201]) {
      const child = new Program({ pid, ppid: 100 }, builder);
      const stack = child.stack('a.py:main:1:2');
      const other = child.stack('a.py:main:1:4');
      for (let at = 0; at < 4000; at++) {
        const timeNs = at * 10 * ms;
        if (pid === 200) child.allocate({ size: 10_000, stack, timeNs });
        else child.free(child.allocate({ size: 10, stack: other, timeNs }), timeNs);
        child.sample({ timeNs: timeNs + ms, stack: other });
      }
      child.end(0, 1);
    }
    return builder.snapshot().files.get('/project/a.py')!;
  };
  expect(run(0)).toEqual(run(1e6));
  expect(run(0).lines.map(({ memory }) => memory!.leak !== null)).toEqual([true, false]);
});

test('the mean footprint adds up memory held at the same time, not memory held one after the other', () => {
  const mean = new MeanFootprint();
  for (let number = 0; number < 1000; number++) {
    const points = packPoints([{ ns: 0, residentBytes: null, liveBytes: 1000 }]);
    mean.add(points, number * second, second);
  }
  const points = [
    { ns: 0, residentBytes: 500, liveBytes: 50 },
    { ns: 500 * second, residentBytes: 700, liveBytes: 70 },
  ];
  mean.add(packPoints(points), 0, 1000 * second);
  const { time, resident, live } = mean.points();
  expect(time.length).toBeLessThanOrEqual(256);
  const process = { pid: 0, processes: 2, startNs: 0, endNs: 1000 * second, sliceNs: 1 };
  const places = { stack: new Uint32Array(0), process: new Uint32Array(0) };
  const none = new Float64Array(0);
  const memory = {
    ...{ processes: [{ ...process, peakNs: 0, peakBytes: 0, time, resident, live }], ...places },
    ...{ allocated: none, allocations: none, peak: none, growth: none },
    change: new Float32Array(0),
  };
  for (const [at, bytes, rss] of [
    [100, 1050, 500],
    [900, 1070, 700],
  ] as const) {
    const found = footprintAt(memory, at * second);
    expect(found.live).toBeCloseTo(bytes, 3);
    expect(found.resident).toBeCloseTo(rss, 3);
  }
});

/** Of the whole flame chart, the time of each stack of each process, ns: wall and CPU. */
function timeByStack(store: FlameStore): Map<string, [number, number]> {
  const sums = new Map<string, [number, number]>();
  const texts: string[] = [];
  const text = (at: number): string => {
    if (at < 0) return '';
    const { frameFunction, frameLine, frameKind, stackParent, stackFrame } = store;
    const frame = stackFrame[at]!;
    const { name } = store.describeFunction(frameFunction[frame]!);
    const own = `${name}:${frameLine[frame]}:${frameKind[frame]}`;
    return (texts[at] ??= `${text(stackParent[at]!)} ${own}`);
  };
  let overlaps = 0;
  for (const { pid, stack, wall, cpu, time, count } of store.tracks) {
    for (let row = 0; row < count; row++) {
      const key = `${pid}${text(stack[row]!)}`;
      const sum = sums.get(key) ?? [0, 0];
      sums.set(key, [sum[0] + wall[row]!, sum[1] + cpu[row]!]);
      if (row > 0 && time[row]! < time[row - 1]! + wall[row - 1]!) overlaps++;
    }
  }
  expect(overlaps).toBe(0);
  return sums;
}

/** Three busy children, one after the other, and a parent that goes on all the time; follow: somebody looks at the chart meanwhile. */
function busy(rows: number, follow?: (builder: ProfileBuilder) => void): ProfileBuilder {
  const builder = new ProfileBuilder(() => undefined, { rows });
  const random = seeded(1);
  const parent = new Program({}, builder);
  const work = (program: Program, samples: number): void => {
    for (let left = samples; left > 0; left--) {
      const stack = program.stack('a.py:main:1:2', `a.py:f:1:${2 + below(random, 20)}`);
      const state = below(random, 4) === 0 ? 'waiting' : 'running';
      const wallNs = ms * (state === 'waiting' ? 1 + below(random, 100) : 4);
      program.sample({ stack, state, cpuNs: state === 'waiting' ? 0 : wallNs, wallNs });
      if (left % 1000 === 0) follow?.(builder);
    }
  };
  for (const pid of [200, 201, 202]) {
    const child = new Program(
      { pid, ppid: 100, startMonotonicNs: startNs + pid * second },
      builder,
    );
    work(child, 20_000);
    work(parent, 20_000);
    child.end(0, 1);
  }
  return builder;
}

test('a merged process with very many rows loses their order but no time', () => {
  const exact = flameOf(busy(1e6));
  const coarse = flameOf(busy(40_000));
  expect(exact.sampleCount).toBeGreaterThan(100_000);
  expect(coarse.sampleCount).toBeLessThan(60_000);
  expect(timeByStack(coarse)).toEqual(timeByStack(exact));
  expect(exact.tracks.map(({ coarseNs }) => coarseNs)).toEqual([0, 0, 0, 0]);
  expect(coarse.tracks.map(({ coarseNs }) => coarseNs > 0)).toEqual([true, true, false, false]);
  // Within a minute it is as it was.
  const minute = 60 * second;
  const inMinute = (store: FlameStore, at: number): number => {
    const { time, wall, count } = store.tracks[0]!;
    let sum = 0;
    for (let row = 0; row < count; row++) {
      if (time[row]! >= at * minute && time[row]! < (at + 1) * minute) sum += wall[row]!;
    }
    return sum / minute;
  };
  for (const at of [0, 3, 6]) {
    expect(Math.abs(inMinute(coarse, at) - inMinute(exact, at))).toBeLessThan(0.3);
  }
}, 60_000);

test.each([
  ['keeps up', 1, false],
  ['is behind', 30, true],
  ['is far behind', 45, true],
])(
  'an open chart that %s gets every row once',
  (_, every, isBehind) => {
    const exact = timeByStack(flameOf(busy(1e6)));
    const store = new FlameStore();
    let cursor = 0;
    let anew = 0;
    const follow = (builder: ProfileBuilder): void => {
      const piece = builder.flameSince(cursor);
      const tables = decodeFlameChunk(encodeFlameChunk(piece.tables));
      anew += tables.threads.filter(({ anewNs }) => anewNs < Infinity).length;
      if (!piece.empty) store.append(tables);
      cursor = piece.cursor;
    };
    let looks = 0;
    follow(busy(40_000, (builder) => looks++ % every === 0 && follow(builder)));
    expect(timeByStack(store)).toEqual(exact);
    expect(store.sampleCount).toBe(store.tracks.reduce((sum, { count }) => sum + count, 0));
    // What is told of tracks as a whole is what their samples add up to.
    for (const track of store.tracks) {
      const samples = [...track.wall.subarray(0, track.count)];
      expect(track.wallNs).toBe(samples.reduce((sum, ns) => sum + ns, 0));
    }
    expect(anew > 0).toBe(isBehind);
  },
  60_000,
);

test('packed points of memory over time unpack to the same bytes', () => {
  const points = [
    { ns: 2.5e6, residentBytes: null, liveBytes: 0 },
    { ns: 5e6, residentBytes: 2 ** 47, liveBytes: -3 },
    { ns: 7.5e6, residentBytes: 1, liveBytes: 2 ** 50 },
    { ns: 2 ** 52, residentBytes: null, liveBytes: 5 },
  ];
  expect(unpackPoints(packPoints(points))).toEqual(points);
  expect(unpackPoints(packPoints([{ ...points[0]!, liveBytes: 2.6 }]))[0]!.liveBytes).toBe(3);
  expect(packPoints(points.slice(0, 1)).length).toBeLessThan(10);
});

test('rows since an older cursor can be asked for again', () => {
  const builder = children(3, 0, true);
  const program = new Program({}, builder);
  program.sample({ stack: program.stack('c.py:h:1:2') });
  const first = builder.flameSince(0);
  program.samples(3, { stack: program.stack('c.py:h:1:3') });
  const second = builder.flameSince(first.cursor);
  program.samples(2, { stack: program.stack('c.py:h:1:4') });
  const third = builder.flameSince(second.cursor);
  const rows = ({ tables }: typeof first) =>
    tables.threads.map(({ pid, time }) => [pid, [...time]] as const);
  const again = builder.flameSince(first.cursor);
  expect(rows(again)).toEqual([[100, [...rows(second)[0]![1], ...rows(third)[0]![1]]]]);
  expect(rows(builder.flameSince(0)).map(([pid]) => pid)).toEqual(rows(first).map(([pid]) => pid));
  expect(builder.flameSince(again.cursor).empty).toBe(true);
});

test.each([
  ['without memory', 2000],
  ['with memory', 2600],
])(
  'an ended child takes little memory of ours, %s',
  (what, most) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held = (): number => {
      // Twice: what the first one frees is swept beside.
      collect();
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const builder = new ProfileBuilder(() => undefined, { placesApart: 100 });
    const add = (from: number, until: number): void => {
      for (let pid = from; pid < until; pid++) {
        const child = new Program(
          { pid, ppid: 1, startMonotonicNs: header.startMonotonicNs + pid },
          builder,
        );
        child.thread(1, pid);
        for (let line = 2; line < 12; line++) {
          const stack = child.stack('a.py:main:1:2', `a.py:f:1:${line}`, `b.py:g:1:${line}`);
          child.sample({ stack });
          if (what === 'with memory') child.allocate({ size: line, stack });
        }
        child.end(0, 10);
      }
    };
    add(1000, 2000);
    const before = held();
    add(2000, 7000);
    // Rows of 28 bytes, the figures of a process and of a thread, and points of memory over time.
    expect((held() - before) / 5000).toBeLessThan(most);
    expect(builder.snapshot().processes).toHaveLength(6000);
  },
  60_000,
);

test('the view of one process stays the same after the process ends and others begin', () => {
  const builder = new ProfileBuilder(() => undefined);
  const work = (pid: number, end: boolean, ...functions: string[]): Program => {
    const program = new Program({ pid, startMonotonicNs: startNs + pid * second }, builder);
    program.thread(1, pid);
    for (const of of functions) {
      program.sample({ stack: program.stack('a.py:main:1:2', `a.py:${of}`), cpuNs: ms });
    }
    if (end) program.feed.finish('ended');
    return program;
  };
  const one = work(200, false, 'f:5:6', 'f:5:7', 'g:9:9');
  const whole = builder.snapshot();
  const view = viewedPlaces(builder, { range: { fromNs: 0, untilNs: 10 * second } });
  const [path] = [...viewedProfile(whole, view).files.keys()];
  const asked = (): unknown => [callEdges(view, path!, 2), lineDetail(view, path!, 2)];
  const before = asked();
  one.feed.finish('ended');
  for (let pid = 201; pid < 220; pid++) work(pid, pid % 2 === 0, 'h:12:13', 'f:5:6', 'h:12:14');
  expect(asked()).toEqual(before);
});

test('equal bytes share one value, also when other bytes have the same hash', () => {
  const known = new KnownBytes<object>();
  const make = (): object => ({});
  const view = (...bytes: number[]): DataView => new DataView(Uint8Array.from(bytes).buffer);
  const one = known.of(view(1, 2, 3, 4), 1, 3, make);
  expect(known.of(view(2, 3), 0, 2, make)).toBe(one);
  expect(known.of(view(2, 3, 0), 0, 3, make)).not.toBe(one);
  expect(known.of(view(2, 4), 0, 2, make)).not.toBe(one);
  // Longer ones differ in any byte.
  const alike = Array.from({ length: 40 }, (_, at) => {
    const bytes = new Array<number>(39).fill(7);
    if (at < 39) bytes[at] = 8;
    return known.of(view(...bytes), 0, 39, make);
  });
  expect(new Set(alike).size).toBe(40);
  const long = new DataView(new ArrayBuffer(100_000));
  expect(known.of(long, 0, 100_000, make)).not.toBe(known.of(long, 0, 100_000, make));
});
