/** Whether a program can tell that its memory is watched: what C promises, what happens when memory is short, signals. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryOfProcesses } from '../memoryOf';
import { Folders, profile, program, recordings, run, show, underAgent } from '../programs';
import { pythons } from '../pythons';
import { decode } from '../decode';

const folders = new Folders();
afterAll(() => folders.clear());
const path = program('memory/memory_rules.py');
const lines = program('memory/memory_lines.py');
let library: string;
beforeAll(async () => {
  library = join(folders.make(), 'allocator_rules.so');
  // No call is left out or put together with another by a compiler that knows what these functions do.
  const flags = [
    '-O1',
    '-fno-builtin',
    '-Wall',
    '-Werror',
    '-Wno-use-after-free',
    '-shared',
    '-fPIC',
  ];
  const words = [...flags, '-o', library, program('memory/allocator_rules.c'), '-lpthread'];
  expect(await run('cc', words)).toMatchObject({ code: 0, stderr: '' });
  copyFileSync(library, `${library}.alone.so`);
});

/** At the usual rate, and so often that most calls are met by a signal. */
const intervals = [
  { LINEHEAT_INTERVAL_US: '1000' },
  { LINEHEAT_INTERVAL_US: '100', LINEHEAT_BUDGET_PERMILLE: '0' },
];

describe.each(pythons)('Python $name', (python) => {
  test.each(intervals)(
    'the C library’s memory functions behave as without the agent, sampled every $LINEHEAT_INTERVAL_US µs',
    async (rate) => {
      const args = [path, library, 'rules'];
      const bare = await run(python.path, args);
      expect(bare.stdout.split('\n').filter((line) => !line.endsWith(': yes'))).toEqual(['']);
      expect(bare.stdout.split('\n').length).toBeGreaterThan(18);
      const runDir = folders.make();
      const watched = await run(python.path, args, { env: underAgent(runDir, rate) });
      expect(watched).toEqual(bare);
      const { report } = await show(runDir, folders.make());
      expect(memoryOfProcesses(report!)[0]!.allocated_bytes).toBeGreaterThan(1e9);
    },
  );

  test.each(intervals)(
    'signal handlers may map memory, copy, fork and jump away, sampled every $LINEHEAT_INTERVAL_US µs',
    async (rate) => {
      const args = [path, library, 'handlers'];
      const bare = await run(python.path, args);
      expect(bare).toMatchObject({ code: 0, stderr: '' });
      expect(bare.stdout).toBe('handled: yes\nchildren ended well: yes\n');
      const watched = await run(python.path, args, { env: underAgent(folders.make(), rate) });
      expect(watched).toEqual(bare);
    },
  );

  test('a library with its own copy of an allocator may free what others allocated', async () => {
    const args = [path, library, 'between'];
    const ended = await run(python.path, args, { env: underAgent(folders.make()) });
    expect(ended).toMatchObject({ code: 0, stdout: 'given back\n', stderr: '' });
  });

  test('a program that runs out of memory sees the same errors as without the agent', async () => {
    const args = [path, library, 'exhausted'];
    const bare = await run(python.path, args);
    expect(bare).toMatchObject({ code: 0, stderr: '' });
    expect(bare.stdout).toMatch(/^MemoryError\(\) None\nMemoryError\(\)\nagain\n10000000\n$/);
    const runDir = folders.make();
    expect(await run(python.path, args, { env: underAgent(runDir) })).toEqual(bare);
    const { report } = await show(runDir, folders.make());
    expect(report!.processes[0]).toMatchObject({ exit: 0, state: 'ended' });
  });

  test('a note says so when the agent has no memory left for its tables', async () => {
    const runDir = folders.make();
    const ended = await run(python.path, [path, library, 'no_table'], { env: underAgent(runDir) });
    expect(ended).toMatchObject({ code: 0, stdout: 'False\ngiven back\n', stderr: '' });
    const { report } = await show(runDir, folders.make());
    const texts = report!.notes.map(({ text }) => text);
    expect(texts.filter((text) => text.includes('no memory left'))).toHaveLength(1);
  });

  test('under `ulimit -v` the agent needs only a few megabytes, and their lack does not harm the program', async () => {
    const limited = (megabytes: number, env?: Record<string, string>) => {
      const words = ['-c', 'ulimit -v $0; exec "$@"', String(megabytes * 1024), python.path];
      const code = 'print(len(bytearray(100_000)), len([{} for _ in range(10_000)]))';
      return run('/bin/sh', [...words, '-c', code], env ? { env } : {});
    };
    let least = 8;
    while ((await limited(least)).code !== 0) least += 4;
    const bare = await limited(least);
    for (let more = 16; more <= 24; more += 2) {
      expect(await limited(least + more, underAgent(folders.make())), `${more} MB`).toEqual(bare);
    }
  });

  test('with memory off nothing about memory is recorded', async () => {
    const args = ['--no-memory', lines, 'ctypes'];
    const { code, report } = await profile(python.path, args, folders.make());
    expect(code).toBe(0);
    expect(memoryOfProcesses(report)).toEqual([null]);
    for (const memory of [undefined, '0', '', '1']) {
      const runDir = folders.make();
      const env = underAgent(runDir);
      if (memory === undefined) delete env['LINEHEAT_MEMORY'];
      else env['LINEHEAT_MEMORY'] = memory;
      expect(await run(python.path, [lines, 'ctypes'], { env })).toMatchObject({ code: 0 });
      const records = decode(recordings(runDir)[0]!).memory;
      if (memory === '1') expect(records).toBeGreaterThan(20);
      else expect(records).toBe(0);
    }
  });
});
