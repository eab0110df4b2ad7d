/** A part of a run's time, and only the user's own code: the parts add up to the whole, and nothing is lost in folding. */
import { expect, test } from 'vitest';
import { ProfileBuilder, type FlamePiece } from '../../../profile/feed/builder';
import { wallOf } from '../../../profile/cost';
import { Fold } from '../../../profile/view/fold';
import { frameKinds } from '../../../profile/flame/tables';
import { type Cost, type Profile } from '../../../profile/types';
import { callEdges } from '../../../profile/view/edges';
import { lineDetail } from '../../../profile/view/lineParts';
import { viewedPlaces, viewedProfile } from '../../../profile/view/viewed';
import type { RunPlaces } from '../../../profile/view/places';
import { below, seeded } from '../random';
import { ms, Program, startNs } from '../recordings';

const fold = new Fold((path) => path.startsWith('/project/'));

/** Processes with every kind of time, of which some have ended. */
function random(seed: number): ProfileBuilder {
  const builder = new ProfileBuilder((_, offset) => ['dgemm', 'memcpy'][offset]);
  for (let number = 0; number < 4; number++) {
    const next = seeded(seed * 10 + number);
    const startMonotonicNs = startNs + number * 40 * ms;
    const program = new Program({ pid: 100 + number, startMonotonicNs }, builder);
    program.thread(1, 100 + number);
    program.thread(2, 1000 + number, 'pool');
    const module = { kind: 'module', moduleKind: 'other', bias: 0, path: '/lib/blas.so' } as const;
    program.record({ ...module, buildId: new Uint8Array(0) });
    program.record({ kind: 'native', parent: 0, module: 1, offset: below(next, 2), exact: false });
    const stacks = [
      program.stack('a.py:main:1:2', `a.py:f:5:${6 + below(next, 3)}`),
      program.stack('a.py:main:1:3', '/lib/pd.py:get:1:4', '/lib/pd.py:take:7:9'),
      program.stack('/lib/run.py:run:1:1', 'a.py:main:1:3', '/lib/pd.py:get:1:5', 'b.py:key:1:2'),
      program.stack('/lib/pool.py:loop:1:3'),
      0,
    ];
    for (let left = 80; left > 0; left--) {
      const stack = stacks[below(next, stacks.length)]!;
      const state = (['running', 'running', 'waiting', 'gil'] as const)[below(next, 4)]!;
      const wallNs = (1 + below(next, 4)) * ms;
      const cpuNs = state === 'running' ? wallNs : 0;
      const inSyscall = state === 'running' && below(next, 4) === 0;
      const native = below(next, 2);
      program.sample({
        stack,
        state,
        cpuNs,
        wallNs,
        inSyscall,
        native,
        thread: 1 + below(next, 2),
      });
      if (below(next, 5) === 0) program.queue({ stack: stacks[0]!, wallNs: ms });
    }
    if (number % 2 === 0) program.feed.finish('full');
  }
  return builder;
}

type Figures = Record<string, number>;

/** Every figure of a profile by its name; 0 is left out. */
function figures({ files, total }: Profile, places: RunPlaces): Figures {
  const found: Figures = {};
  const add = (name: string, cost: Cost): void => {
    // Samples are counted whole in each part.
    for (const [kind, value] of Object.entries({ ...cost, samples: 0 })) {
      if (value !== 0) found[`${name} ${kind}`] = value;
    }
  };
  found['total'] = wallOf(total) + total.helper;
  for (const { path, lines, functions } of files.values()) {
    for (const { line, self, total: all } of lines) {
      add(`${path}:${line} self`, self);
      add(`${path}:${line} total`, all);
      const parts = lineDetail(places, path, line).parts.map(({ cost }) => wallOf(cost));
      expect(parts.reduce((a, b) => a + b, 0)).toBeCloseTo(wallOf(all), 0);
    }
    for (const { qualname, self, total: all } of functions) {
      add(`${path} ${qualname} self`, self);
      add(`${path} ${qualname} total`, all);
    }
  }
  return found;
}

function expectSame(found: Figures, wanted: Figures): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, value] of Object.entries(wanted)) {
    expect(Math.abs(found[name]! - value), name).toBeLessThan(1);
  }
}

test.each([1, 2, 3])(
  'figures of consecutive time ranges add up to the whole run (seed %i)',
  (seed) => {
    const builder = random(seed);
    const whole = builder.snapshot();
    const bounds = [0, 17 * ms, 60.5 * ms, 130 * ms, Infinity];
    const sum: Figures = {};
    for (let at = 1; at < bounds.length; at++) {
      const range = { fromNs: bounds[at - 1]!, untilNs: bounds[at]! };
      const places = viewedPlaces(builder, { range });
      const part = viewedProfile(whole, places);
      for (const [name, value] of Object.entries(figures(part, places))) {
        sum[name] = (sum[name] ?? 0) + value;
      }
      expect(part.range?.fromNs).toBe(range.fromNs);
      expect(part.elapsedNs).toBe(Math.min(range.untilNs, whole.elapsedNs) - range.fromNs);
    }
    expectSame(sum, figures(whole, builder));
    const all = viewedPlaces(builder, { range: { fromNs: 0, untilNs: Infinity } });
    expectSame(figures(viewedProfile(whole, all), all), figures(whole, builder));
  },
);

test('a time range has what happened in it, and the overlapping part of rows', () => {
  const program = new Program();
  program.thread(1, 100);
  const first = program.stack('a.py:main:1:2');
  const second = program.stack('a.py:main:1:3');
  program.samples(10, { stack: first });
  program.sample({ stack: first, state: 'waiting', cpuNs: 0, wallNs: 20 * ms });
  program.samples(10, { stack: second, inSyscall: true });
  const whole = program.builder.snapshot();
  const selfOf = (fromMs: number, untilMs: number): Record<number, [cpu: number, wait: number]> => {
    const range = { fromNs: fromMs * ms, untilNs: untilMs * ms };
    const { files } = viewedProfile(whole, viewedPlaces(program.builder, { range }));
    const lines = files.get('/project/a.py')?.lines ?? [];
    return Object.fromEntries(
      lines.map(({ line, self }) => [
        line,
        [(self.python + self.native + self.system) / ms, self.wait / ms],
      ]),
    );
  };
  expect(selfOf(0, 5)).toEqual({ 2: [5, 0] });
  expect(selfOf(5, 20)).toEqual({ 2: [5, 10] });
  expect(selfOf(25, 33)).toEqual({ 2: [0, 5], 3: [3, 0] });
  expect(selfOf(50, 60)).toEqual({});
});

test.each([1, 2])(
  'folding libraries charges the user’s own lines and loses nothing (seed %i)',
  (seed) => {
    const builder = random(seed);
    const whole = builder.snapshot();
    const foldedPlaces = viewedPlaces(builder, { fold });
    const folded = viewedProfile(whole, foldedPlaces);
    const selfOf = ({ files }: Profile, isWanted: (path: string) => boolean): number =>
      [...files.values()]
        .filter(({ path }) => isWanted(path))
        .flatMap(({ lines }) => lines.map(({ self }) => wallOf(self)))
        .reduce((a, b) => a + b, 0);
    const all = (): boolean => true;
    expect(selfOf(folded, all)).toBeCloseTo(selfOf(whole, all), 0);
    expect(folded.total).toEqual(whole.total);
    // Only a thread without any frame of the user's own keeps those of libraries.
    expect([...folded.files.keys()].sort()).toEqual([
      '/lib/pool.py',
      '/project/a.py',
      '/project/b.py',
    ]);
    const line = (profile: Profile, at: number) =>
      profile.files.get('/project/a.py')!.lines.find((one) => one.line === at)!;
    expect(line(folded, 3).total).toEqual(line(whole, 3).total);
    expect(wallOf(line(folded, 3).self)).toBeGreaterThan(wallOf(line(whole, 3).self));
    // What a library calls back is the user's own again, called by the line that called the library.
    const { callees } = callEdges(foldedPlaces, '/project/a.py', 3);
    expect(callees.map(({ path, function: name }) => `${path} ${name}`)).toContain(
      '/project/b.py key',
    );
    const own = viewedPlaces(builder, { range: { fromNs: 0, untilNs: Infinity }, fold });
    expectSame(figures(viewedProfile(whole, own), own), figures(folded, foldedPlaces));
  },
);

/** The Python frames of each stack of a piece that a row shows. */
function pythonStacks({ tables }: FlamePiece): string[] {
  const { strings, functions, frames, stacks, threads } = tables;
  const shown = new Set(threads.flatMap(({ stack }) => [...stack]));
  return [...shown]
    .map((stack) => {
      const parts: string[] = [];
      for (let at = stack === 0xffffffff ? -1 : stack; at >= 0; at = stacks.parent[at]!) {
        const frame = stacks.frame[at]!;
        const name = strings[functions.name[frames.function[frame]!]!]!;
        if (frameKinds[frames.kind[frame]!] === 'python') parts.unshift(name);
      }
      return parts.join(' > ');
    })
    .sort();
}

test('the chart folds libraries as the figures do', () => {
  const builder = random(5);
  const shown = new Set(pythonStacks(builder.flameSince(0, { fold })));
  expect([...shown]).toEqual(
    ['', '(interpreter)', 'loop', 'main', 'main > f', 'main > key'].filter((name) =>
      shown.has(name),
    ),
  );
  for (const name of ['loop', 'main', 'main > f', 'main > key']) expect(shown).toContain(name);
  expect(pythonStacks(builder.flameSince(0))).toContain('run > main > get > key');
  const sum = (piece: FlamePiece): number =>
    piece.tables.threads.flatMap(({ wall }) => [...wall]).reduce((a, b) => a + b, 0);
  expect(sum(builder.flameSince(0, { fold }))).toBe(sum(builder.flameSince(0)));
});
