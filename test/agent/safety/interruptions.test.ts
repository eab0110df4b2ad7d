/** Signals: ours interrupt nothing, the program's own do what they do alone. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Folders, profile, program, run, show, underAgent } from '../programs';
import { pythons } from '../pythons';
import { cpu, fileCost } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
let library: string;
beforeAll(() => {
  library = join(folders.make(), 'blocking_calls.so');
  const source = program('safety/blocking_calls.c');
  const flags = ['-O1', '-Wall', '-Werror', '-shared', '-fPIC', '-o', library, source, '-lpthread'];
  const made = spawnSync('cc', flags, { encoding: 'utf8' });
  expect(made.stderr).toBe('');
});

/** Beside the default, a rate that takes signals from another thread, which do interrupt. */
const intervals = [
  { LINEHEAT_INTERVAL_US: '1000' },
  { LINEHEAT_INTERVAL_US: '100', LINEHEAT_BUDGET_PERMILLE: '0' },
];

describe.each(pythons)('Python $name', (python) => {
  test('threads that block every signal are still sampled', async () => {
    const path = program('safety/blocked_signals.py');
    const { report } = await profile(python.path, [path], folders.make());
    expect(cpu(fileCost(report, path))).toBeGreaterThan(0.9);
  });

  describe.each(intervals)('sampled every $LINEHEAT_INTERVAL_US µs', (rate) => {
    const under = (runDir: string) => ({ env: underAgent(runDir, rate) });

    test('no blocking call of the C library is interrupted', async () => {
      const args = [program('safety/blocking_calls.py'), library, 'free', '0.1'];
      const ended = await run(python.path, args, under(folders.make()));
      const lines = ended.stdout.trim().split('\n');
      expect(lines.length).toBeGreaterThan(20);
      expect(lines.filter((line) => !line.endsWith(': 0 interrupted'))).toEqual([]);
      const made = ended.stderr.trim().split(' ').map(Number);
      expect(made).toHaveLength(lines.length);
      expect(Math.min(...made)).toBeGreaterThan(0);
    });

    test('the program’s own signals interrupt each blocking call exactly once', async () => {
      const args = [program('safety/blocking_calls.py'), library, 'killed', '20'];
      const ended = await run(python.path, args, under(folders.make()));
      const lines = ended.stdout.trim().split('\n');
      expect(lines.length).toBeGreaterThan(24);
      expect(lines.filter((line) => !line.endsWith(': 20 killed, 0 lost, 20 alarmed'))).toEqual([]);
    });

    test('a program that uses every signal receives only its own', async () => {
      const args = [program('safety/own_signals.py')];
      const bare = await run(python.path, args);
      const runDir = folders.make();
      const watched = await run(python.path, args, under(runDir));
      expect(watched).toEqual(bare);
      expect(bare).toMatchObject({ code: 0, stderr: '' });
      expect(bare.stdout).toContain('waited [10, None, 34, None, 64, None]');
      // It takes the last signal there is, and the recording says what that means.
      const { report } = await show(runDir, folders.make());
      expect(report!.notes.map(({ text }) => text).join()).toContain('every real-time signal');
    });

    test('a fault is reported to the program as without the agent', async () => {
      const args = [program('safety/own_signals.py'), 'fault'];
      const stable = (text: string) => text.replace(/0x[0-9a-f]+/g, '0x…');
      const bare = await run(python.path, args);
      const watched = await run(python.path, args, under(folders.make()));
      expect(watched.signal).toBe('SIGSEGV');
      expect(stable(watched.stderr)).toBe(stable(bare.stderr));
      expect(watched.signal).toBe(bare.signal);
    });
  });
});
