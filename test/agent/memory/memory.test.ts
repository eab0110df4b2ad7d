/** What lines allocate, whoever else has a hand in memory: other allocators, debugging layers, tracemalloc, threads, forks. */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { expectBytes, memoryOf, memoryOfProcesses } from '../memoryOf';
import { Folders, mark, profile, program, run, show, underAgent } from '../programs';
import { pythons } from '../pythons';
import type { Report } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
const path = program('memory/memory_lines.py');
const MB = 1 << 20;

/** Debian's packages of what people preload instead of the C library's allocator. */
const allocators = {
  libjemalloc2: 'libjemalloc.so.2',
  'libtcmalloc-minimal4': 'libtcmalloc_minimal.so.4',
};
const preloaded = Object.entries(allocators).flatMap(([name, file]) => {
  const folder = `/usr/lib/${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`;
  if (existsSync(`${folder}/${file}`)) return [[`${folder}/${file}`]];
  console.log(`Not run with ${file}: \`sudo apt-get install ${name}\`.`);
  return [];
});

const named = (name: string) => mark(path, name);
const of = (report: Report, name: string) => memoryOf(report, path, named(name));

/** The lines of work(), so many times over; `more` is what a layer in between adds to a block of 100 bytes. */
function expectLines(report: Report, times: number, more = 0): void {
  const kept = (name: string, low: number, high: number) => {
    const { growth_bytes, growth_error_bytes } = of(report, name);
    // What is kept of every round but the last was freed.
    expectBytes(growth_bytes, growth_error_bytes, [low * 0.98, high * 1.03], `kept by ${name}`);
  };
  const allocated = (name: string, bytes: number) => {
    const { allocated_bytes, allocated_error_bytes } = of(report, name);
    const range = [bytes, bytes * 1.01 + 10_000] as const;
    expectBytes(allocated_bytes, allocated_error_bytes, range, `allocated by ${name}`);
  };
  // Lists that grow one by one have up to an eighth of their length to spare.
  kept('small', 20_000 * 1008, 20_000 * (1009 + more));
  kept('tiny', 200_000 * 108, 200_000 * (109 + more));
  kept('mapped', 10 * MB, 10 * MB);
  allocated('temporary', times * 30 * MB);
  expect(of(report, 'temporary').growth_bytes).toBeLessThan(MB);
  allocated('mapped', times * 10 * MB);
  // What it grew by, with the eighth that it has to spare.
  const grown = of(report, 'grown').allocated_bytes / times;
  expect(grown).toBeGreaterThan(15 * MB);
  expect(grown).toBeLessThan(19 * MB);
}

describe.each(pythons)('Python $name', (python) => {
  const settings: [Record<string, string>, number][] = [
    [{}, 0],
    [{ PYTHONMALLOC: 'malloc' }, 0],
    [{ PYTHONMALLOC: 'debug' }, 0],
    [{ PYTHONMALLOC: 'pymalloc_debug' }, 0],
    [{ PYTHONMALLOC: 'malloc_debug' }, 32],
    // It keeps a record of its own for each block, which is memory of the line as well.
    [{ PYTHONTRACEMALLOC: '1' }, 128],
    ...preloaded.map(([library]): [Record<string, string>, number] => [
      { LD_PRELOAD: library! },
      0,
    ]),
  ];

  test.each(settings)(
    'lines are charged what they allocate and keep, with %j',
    async (env, more) => {
      const { report, code, stdout } = await profile(python.path, [path, 'lines'], folders.make(), {
        env,
      });
      expect(code).toBe(0);
      expect(stdout).toContain('[20000, 200000, 20, 16777216, 10]\n');
      expectLines(report, 1, more);
      expect(of(report, 'large').python_fraction).toBeGreaterThan(0.99);
      expect(of(report, 'mapped').python_fraction).toBeLessThan(0.01);
    },
  );

  test('tracemalloc starts and stops as it does alone, and changes no figure', async () => {
    const bare = await run(python.path, [path, 'tracemalloc']);
    expect(bare).toMatchObject({ code: 0, stderr: '' });
    const runDir = folders.make();
    const watched = await run(python.path, [path, 'tracemalloc'], { env: underAgent(runDir) });
    expect(watched).toEqual(bare);
    const { report } = await show(runDir, folders.make());
    expectLines(report!, 2);
    const { allocated_bytes } = of(report!, 'large');
    expect(allocated_bytes).toBeGreaterThanOrEqual((3 + 20 + 5 + 2 + 20) * MB);
    expect(allocated_bytes).toBeLessThan(51 * MB);
  });

  test('memory figures stay right after a program stops the tracing of -X tracemalloc', async () => {
    const env = { PYTHONTRACEMALLOC: '1' };
    const { report, code } = await profile(python.path, [path, 'stopped'], folders.make(), { env });
    expect(code).toBe(0);
    const { growth_bytes, growth_error_bytes } = of(report, 'tiny');
    expectBytes(growth_bytes, growth_error_bytes, [200_000 * 105, 200_000 * 112], 'kept by tiny');
  });

  test('memory that one thread allocates and another frees is charged to the allocating line', async () => {
    const { report, code } = await profile(python.path, [path, 'handover'], folders.make());
    expect(code).toBe(0);
    const large = of(report, 'handover');
    expect(large.allocated_bytes).toBeGreaterThanOrEqual(100 * MB);
    expect(large.allocated_bytes).toBeLessThan(102 * MB);
    expect(large.growth_bytes).toBeLessThan(MB);
    const small = of(report, 'handover_small');
    const range = [100e6, 106e6] as const;
    expectBytes(small.allocated_bytes, small.allocated_error_bytes, range, 'handed over');
    expect(small.growth_bytes).toBeLessThan(MB);
  });

  test('memory kept by two thousand threads is charged to the allocating line', async () => {
    const { report, stdout } = await profile(python.path, [path, 'threads'], folders.make());
    expect(stdout).toContain('2000\n');
    const { growth_bytes, growth_error_bytes } = of(report, 'in_thread');
    expectBytes(growth_bytes, growth_error_bytes, [200e6, 201e6], 'kept by threads');
  });

  test('with fork, spawn and exec each process has only what it allocates itself', async () => {
    const { report, code } = await profile(python.path, [path, 'fork'], folders.make());
    expect(code).toBe(0);
    const { allocated_bytes } = of(report, 'large');
    expect(allocated_bytes).toBeGreaterThanOrEqual((5 + 7 + 7 + 7) * MB);
    expect(allocated_bytes).toBeLessThan(27 * MB);
    const [whole, forked, spawned, ...more] = memoryOfProcesses(report);
    expect(more).toEqual([]);
    expect(forked!.allocated_bytes).toBeGreaterThanOrEqual(7 * MB);
    expect(forked!.allocated_bytes).toBeLessThan(8 * MB);
    expect(spawned!.allocated_bytes).toBeGreaterThan(7 * MB);
    expect(whole!.allocated_bytes).toBeGreaterThan(12 * MB);
  });

  test('children forked from an allocating thread while others allocate have only their own memory', async () => {
    const { report, code, stdout } = await profile(
      python.path,
      [path, 'fork_threads'],
      folders.make(),
    );
    expect(code).toBe(0);
    expect(stdout).toContain('True\n');
    const children = memoryOfProcesses(report).slice(1);
    expect(children).toHaveLength(16);
    for (const child of children) {
      expect(child!.allocated_bytes).toBeGreaterThanOrEqual(20 * MB);
      expect(child!.allocated_bytes).toBeLessThan(22 * MB);
    }
  });

  test('memory that signal handlers allocate is charged to their lines', async () => {
    const { report, stdout } = await profile(python.path, [path, 'handler'], folders.make());
    expect(stdout).toContain('True\n');
    expect(of(report, 'handler').allocations).toBeGreaterThanOrEqual(100);
  });

  test('reserved memory counts as held only as far as it was touched', async () => {
    const args = [path, 'reserved'];
    const { report, code, stderr } = await profile(python.path, args, folders.make());
    expect(code).toBe(0);
    // Where the kernel gives pages of 2 MB, it touches up to that much more.
    const within = (bytes: number, low: number, what: string) => {
      expect(bytes, what).toBeGreaterThanOrEqual(low * MB);
      expect(bytes, what).toBeLessThanOrEqual((low + 2) * MB);
    };
    const reserved = of(report, 'reserved');
    within(reserved.allocated_bytes, 4, 'allocated');
    within(reserved.growth_bytes, 4, 'grown');
    within(reserved.reserved_bytes, 58, 'reserved');
    const back = of(report, 'given_back');
    within(back.allocated_bytes, 32, 'allocated before it was given back');
    expect(back.growth_bytes).toBeLessThan(MB);
    expect(back.reserved_bytes).toBe(32 * MB);
    within(back.peak_bytes, 32, 'held before it was given back');
    const moment = of(report, 'for_a_moment');
    expect(moment.growth_bytes).toBeLessThan(MB);
    expect(moment.reserved_bytes).toBe(0);
    within(moment.allocated_bytes, 48, 'allocated for a moment');
    // What the object of the mapping itself takes may be sampled.
    expect(of(report, 'never_touched').allocated_bytes).toBeLessThan(MB);
    const [whole] = memoryOfProcesses(report);
    expect(whole!.reserved_bytes).toBeGreaterThanOrEqual((58 + 32) * MB);
    expect(whole!.reserved_bytes).toBeLessThan((60 + 32 + 4) * MB);
    expect(stderr).toMatch(/9\d MB reserved and not touched/);
  });

  test('memory that compiled code allocates is charged to its line, as native', async () => {
    const { report } = await profile(python.path, [path, 'ctypes'], folders.make());
    const { growth_bytes, python_fraction } = of(report, 'calloc');
    expect(growth_bytes).toBeGreaterThanOrEqual(20 * MB);
    expect(growth_bytes).toBeLessThan(20.5 * MB);
    expect(python_fraction).toBeLessThan(0.05);
  });
});
