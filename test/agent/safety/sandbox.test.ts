/** Programs that forbid themselves system calls (seccomp), or make some that only a process with one thread may make. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, profile, program, run } from '../programs';
import { pythons } from '../pythons';
import { cpu, fileCost, lineOf } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
const path = program('safety/sandboxed.py');
/** Namespaces and the like take the rights of root. */
const isRoot = process.getuid?.() === 0;

/** How, what is said about it, and whether its work is on its line. */
const sandboxes: [string, RegExp[], boolean][] = [
  ['kill', [/forbids reading its clocks/, /forbids the system calls for recording memory/], true],
  ['call', [/forbids reading its clocks/], true],
  ['errno', [/forbids reading its clocks/], true],
  ['tsync', [/forbids reading its clocks/], true],
  ['clocks', [/forbids reading its clocks/], true],
  ['strict', [/forbids reading its clocks/], true],
  ['thread', [/forbids reading its clocks/], true],
  ['refused', [], true],
  ['noreturn', [/signal handlers may not return/], false],
  ['threads', [/The recording ends there/], false],
];

describe.each(pythons)('Python $name', (python) => {
  test.each(sandboxes)(
    'a program in a sandbox runs as without the agent, and the missing parts are noted: %s',
    async (how, said, charged) => {
      const bare = await run(python.path, [path, how]);
      expect(bare).toMatchObject({ code: 5, signal: null });
      const { code, stdout, report } = await profile(python.path, [path, how], folders.make());
      expect(code).toBe(5);
      expect(stdout.slice(0, bare.stdout.length)).toBe(bare.stdout);
      const notes = report.notes.map(({ text }) => text).join('\n');
      for (const text of said) expect(notes).toMatch(text);
      if (said.length === 0) expect(notes).not.toMatch(/seccomp/);
      if (!charged) return;
      expect(report.processes).toMatchObject([{ exit: 5, state: 'ended' }]);
      // What is left is starting Python.
      expect(cpu(fileCost(report, path)) / report.cpu_s).toBeGreaterThan(0.65);
    },
  );

  test.skipIf(!isRoot)(
    'system calls that need a single-threaded process succeed (only as root)',
    async () => {
      const args = [program('safety/single_threaded_calls.py')];
      const bare = await run(python.path, args);
      const { code, stdout, report } = await profile(python.path, args, folders.make());
      expect(code).toBe(bare.code);
      expect(stdout.slice(0, bare.stdout.length)).toBe(bare.stdout);
      expect(report.processes.map(({ state }) => state)).toEqual(['ended', 'ended']);
      // Sampled before and after.
      const work = lineOf(report, args[0]!, mark(args[0]!, 'work'));
      expect(cpu(work.self)).toBeGreaterThan(0.3);
    },
  );
});
