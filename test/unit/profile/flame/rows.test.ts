import { expect, test } from 'vitest';
import type { ProfileBuilder } from '../../../../profile/feed/builder';
import { frameKinds, type FlameTables } from '../../../../profile/flame/tables';
import { decodeFlameChunk, encodeFlameChunk } from '../../../../protocol/flameChunk';
import { ms, Program, startNs } from '../../recordings';
import { below, seeded } from '../../random';

/** Follows the builder like a panel: appends each piece, through the wire format. */
class Follower {
  cursor = 0;
  readonly strings: string[] = [];
  readonly functions: [name: number, file: number, line: number, module: number][] = [];
  readonly frames: [fn: number, line: number, column: number, kind: number][] = [];
  readonly stacks: [frame: number, parent: number][] = [];
  readonly rows = new Map<number, { stack: number; time: number; wall: number; cpu: number }[]>();
  readonly names = new Map<number, string>();

  constructor(
    private readonly builder: ProfileBuilder,
    private readonly native = true,
  ) {}

  follow(): FlameTables {
    const { tables, cursor, empty } = this.builder.flameSince(this.cursor, { native: this.native });
    expect(empty).toBe(cursor === this.cursor);
    this.cursor = cursor;
    const piece = decodeFlameChunk(encodeFlameChunk(tables));
    expect(piece).toEqual(tables);
    this.strings.push(...piece.strings);
    const { functions, frames, stacks } = piece;
    functions.name.forEach((name, i) =>
      this.functions.push([name, functions.file[i]!, functions.line[i]!, functions.module[i]!]),
    );
    frames.function.forEach((fn, i) =>
      this.frames.push([fn, frames.line[i]!, frames.column[i]!, frames.kind[i]!]),
    );
    stacks.frame.forEach((frame, i) => {
      expect(stacks.parent[i]!).toBeLessThan(this.stacks.length);
      this.stacks.push([frame, stacks.parent[i]!]);
    });
    for (const thread of piece.threads) {
      this.names.set(thread.id, thread.name);
      const rows = this.rows.get(thread.id) ?? [];
      this.rows.set(thread.id, rows);
      thread.stack.forEach((stack, i) =>
        rows.push({ stack, time: thread.time[i]!, wall: thread.wall[i]!, cpu: thread.cpu[i]! }),
      );
    }
    return piece;
  }

  /** A stack as text: `main:3 > dgemm (native)`. */
  text(stack: number): string {
    const parts: string[] = [];
    for (let at = stack === 0xffffffff ? -1 : stack; at >= 0;) {
      const [frame, parent] = this.stacks[at]!;
      const [fn, line, , kind] = this.frames[frame]!;
      const name = this.strings[this.functions[fn]![0]]!;
      parts.unshift(kind === 0 ? `${name}:${line}` : `${name} (${frameKinds[kind]})`);
      at = parent;
    }
    return parts.join(' > ');
  }

  track(thread: number): string[] {
    return (this.rows.get(thread) ?? []).map(({ stack, time, wall, cpu }) =>
      `${time / ms}+${wall / ms} cpu ${cpu / ms} ${this.text(stack)}`.trim(),
    );
  }
}

test('rows show Python frames and the kind of time on top; equal neighbours are merged', () => {
  const program = new Program();
  program.thread(1, 100);
  const main = program.stack('a.py:main:1:3');
  const work = program.stack('a.py:main:1:3', 'b.py:work:10:12');
  program.samples(3, { stack: work });
  program.sample({
    stack: work,
    native: program.native('interpreter:cfunction_vectorcall_O', 'other:dot', 'other:dgemm'),
  });
  program.sample({ stack: main, native: program.native('interpreter:_PyDict_MergeEx') });
  program.sample({ stack: main, inSyscall: true, native: program.native('other:rd', 'libc:read') });
  program.sample({ stack: main, state: 'waiting', cpuNs: 0, wallNs: 20 * ms });
  program.sample({ stack: main, state: 'gil', cpuNs: 0, wallNs: 5 * ms });
  // A gap of 10 ms, then a sample of time without a stack.
  program.sample({ timeNs: 43 * ms, remainder: true });
  const follower = new Follower(program.builder);
  follower.follow();
  expect([...follower.names.values()]).toEqual(['MainThread']);
  expect(follower.track(1)).toEqual([
    '0+3 cpu 3 main:3 > work:12',
    '3+1 cpu 1 main:3 > work:12 > dot (native) > dgemm (native)',
    '4+1 cpu 1 main:3',
    '5+1 cpu 1 main:3 > rd (native) > read (kernel) (system)',
    '6+20 cpu 0 main:3 > waiting (wait)',
    '26+5 cpu 0 main:3 > waiting for the GIL (gil)',
    '42+1 cpu 1',
  ]);
  const [name, file, line] = follower.functions[0]!;
  expect([follower.strings[name], follower.strings[file], line]).toEqual([
    'main',
    '/project/a.py',
    1,
  ]);
});

test('time without a core is a row of its own inside the calls that lost the core', () => {
  const program = new Program();
  program.thread(1, 100);
  const main = program.stack('a.py:main:1:3');
  program.sample({ stack: main });
  // What is not known in between is shown as what was before it.
  program.queue({ stack: main, timeNs: 9 * ms, wallNs: 6 * ms });
  program.queue({ stack: main, timeNs: 12 * ms, wallNs: 3 * ms });
  program.sample({ stack: main, timeNs: 13 * ms });
  // No room: the time is counted, but has no row.
  program.queue({ stack: main, timeNs: 12 * ms, wallNs: 2 * ms });
  const follower = new Follower(program.builder);
  follower.follow();
  expect(follower.track(1)).toEqual([
    '0+3 cpu 1 main:3',
    '3+9 cpu 0 main:3 > waiting for a core (queue)',
    '12+1 cpu 1 main:3',
  ]);
  expect(program.builder.snapshot().total).toMatchObject({ queue: 11 * ms, samples: 2 });
});

test('native frames are shown between and below Python frames; hidden frames do not split equal rows', () => {
  const program = new Program();
  program.thread(1, 100);
  const host = program.native('libc:clone', 'other:serve', 'interpreter:PyObject_Call');
  const call = (...glue: string[]): number =>
    program.native(...glue, 'interpreter:builtin_sorted', 'interpreter:_PyFunction_Vectorcall');
  const [direct, indirect] = [call(), call('interpreter:cfunction_vectorcall_FASTCALL_KEYWORDS')];
  expect(direct).not.toBe(indirect);
  for (const between of [direct, indirect]) {
    program.sample({ stack: program.stack(host, 'a.py:main:1:3', between, 'a.py:key:10:11') });
  }
  program.sample({
    stack: program.stack(host, 'a.py:main:1:3'),
    native: program.native('interpreter:builtin_sorted', 'interpreter:count_run'),
  });
  program.sample({
    stack: program.stack('a.py:main:1:4'),
    native: program.native('interpreter:cfunction_call', 'other:PQexec', 'libc:__poll'),
    state: 'waiting',
    cpuNs: 0,
  });
  program.thread(2, 101);
  program.sample({ thread: 2, native: program.native('libc:clone', 'other:work', 'other:dgemm') });
  program.sample({ thread: 2, native: program.native('interpreter:Py_RunMain') });
  const follower = new Follower(program.builder);
  follower.follow();
  expect(follower.track(1)).toEqual([
    '0+1 cpu 1 serve (native) > main:3 > builtin_sorted (native) > key:11',
    '1+1 cpu 1 serve (native) > main:3 > builtin_sorted (native) > key:11',
    '2+1 cpu 1 serve (native) > main:3 > builtin_sorted (native) > count_run (native)',
    '3+1 cpu 0 main:4 > PQexec (native) > waiting in poll (wait)',
  ]);
  expect(
    new Set(
      follower.rows
        .get(1)!
        .slice(0, 2)
        .map(({ stack }) => stack),
    ).size,
  ).toBe(1);
  expect(follower.track(2)).toEqual([
    '4+1 cpu 1 work (native) > dgemm (native)',
    '5+1 cpu 1 (interpreter):0',
  ]);
  const plain = new Follower(program.builder, false);
  plain.follow();
  expect([...plain.track(1), ...plain.track(2)]).toEqual([
    '0+1 cpu 1 main:3 > key:11',
    '1+1 cpu 1 main:3 > key:11',
    '2+1 cpu 1 main:3',
    '3+1 cpu 0 main:4 > waiting in poll (wait)',
    '4+1 cpu 1 work (native)',
    '5+1 cpu 1 (interpreter):0',
  ]);
});

test('a short gap between samples belongs to the calls around it, a long one does not', () => {
  const program = new Program();
  program.thread(1, 100);
  const main = program.stack('a.py:main:1:3');
  program.samples(3, { stack: main });
  program.sample({ stack: main, timeNs: 14 * ms });
  program.sample({ stack: main, timeNs: 100 * ms });
  const follower = new Follower(program.builder);
  follower.follow();
  expect(follower.track(1)).toEqual(['0+14 cpu 4 main:3', '99+1 cpu 1 main:3']);
});

test('rows of a live chart are only ever appended', () => {
  const program = new Program();
  const child = new Program({ pid: 200, startMonotonicNs: startNs + 100 * ms }, program.builder);
  const random = seeded(23);
  const live = new Follower(program.builder);
  for (let round = 0; round < 300; round++) {
    const from = random() < 0.7 ? program : child;
    if (random() < 0.02) {
      from.thread(1 + below(random, 3), 300 + below(random, 3), `name ${round}`);
    }
    const frames = Array.from(
      { length: below(random, 4) },
      () => `a.py:f:1:${1 + below(random, 5)}`,
    );
    from.sample({
      thread: 1 + below(random, 3),
      stack: from.stack(...frames),
      native: random() < 0.3 ? from.native(`other:n${below(random, 3)}`) : 0,
    });
    if (random() < 0.2) {
      live.follow();
    }
  }
  live.follow();
  expect(live.follow().threads).toEqual([]);
  const late = new Follower(program.builder);
  late.follow();
  expect(late.strings).toEqual(live.strings);
  expect(late.stacks).toEqual(live.stacks);
  expect(late.rows).toEqual(live.rows);
  expect(late.names).toEqual(live.names);
  let cpu = 0;
  for (const rows of live.rows.values()) {
    let end = 0;
    for (const row of rows) {
      expect(row.time).toBeGreaterThanOrEqual(end);
      expect(row.wall).toBeGreaterThan(0);
      end = row.time + row.wall;
      cpu += row.cpu;
    }
  }
  expect(cpu).toBe(300 * ms);
});

test('samples that overlap in time are cut so that rows do not overlap', () => {
  const program = new Program();
  const stack = program.stack('a.py:main:1:3');
  program.sample({ stack, timeNs: 10 * ms, wallNs: 10 * ms });
  program.sample({ stack: program.stack('a.py:main:1:4'), timeNs: 12 * ms, wallNs: 5 * ms });
  program.sample({ stack, timeNs: 11 * ms, wallNs: ms });
  const follower = new Follower(program.builder);
  follower.follow();
  // Its CPU time stands where the same is shown.
  expect(follower.track(1)).toEqual(['0+10 cpu 2 main:3', '10+2 cpu 1 main:4']);
});

test('CPU time without room of its own is not drawn as waiting', () => {
  const program = new Program();
  program.sample({ stack: program.stack('a.py:main:1:3'), timeNs: 10 * ms, wallNs: 10 * ms });
  const waiting = { state: 'waiting', cpuNs: 0 } as const;
  program.sample({
    stack: program.stack('a.py:main:1:4'),
    timeNs: 20 * ms,
    wallNs: 10 * ms,
    ...waiting,
  });
  program.sample({ stack: program.stack('a.py:main:1:5'), timeNs: 15 * ms, wallNs: ms });
  const follower = new Follower(program.builder);
  follower.follow();
  expect(follower.track(1)).toEqual(['0+10 cpu 2 main:3', '10+10 cpu 0 main:4 > waiting (wait)']);
});

test('rows of a long run are sent in several pieces', () => {
  const program = new Program();
  const stacks = [3, 4].map((line) => program.stack(`a.py:main:1:${line}`));
  for (let index = 0; index < 200_000; index++) {
    program.sample({ stack: stacks[index % 2]! });
  }
  const first = program.builder.flameSince(0);
  const second = program.builder.flameSince(first.cursor);
  const third = program.builder.flameSince(second.cursor);
  expect([first.more, second.more, third.empty]).toEqual([true, false, true]);
  const rows = [first, second].map(({ tables }) => tables.threads[0]!.stack.length);
  expect(rows[0]! + rows[1]!).toBe(200_000);
  expect(encodeFlameChunk(first.tables).byteLength).toBeLessThan(8 * 2 ** 20);
});

test('bytes that are no chunk are refused', () => {
  const program = new Program();
  program.sample({ stack: program.stack('a.py:é:1:3') });
  const chunk = encodeFlameChunk(program.builder.flameSince(0).tables);
  expect(() => decodeFlameChunk(chunk.slice(0, 40))).toThrow('damaged');
  expect(() => decodeFlameChunk(new ArrayBuffer(64))).toThrow('damaged');
  expect(() => decodeFlameChunk(new ArrayBuffer(0))).toThrow('damaged');
});
