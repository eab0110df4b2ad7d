/**
 * The agent for arm64, in Debian's Pythons for arm64, under QEMU's user mode emulation. That is a real arm64 program, C
 * library and unwinder, but not a real arm64 kernel, and not real time. What QEMU 7.2 does not emulate is not checked
 * here: `process_vm_readv` (the agent reads /proc/self/mem instead, so that is checked), the system call a thread
 * waits in (it is told in the numbers of this machine's kernel, so waiting for the interpreter lock is not told from
 * other waiting), a vdso, pages of 16 or 64 KB, and what anything costs.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentEnvironment } from '../../../protocol/agentEnvironment';
import {
  arm64Command,
  arm64Missing,
  arm64Minors,
  ensureArm64Pythons,
} from '../../../scripts/arm64.mjs';
import { decode, type Recording } from '../decode';
import { Folders, mark, program, recordings, run, show } from '../programs';
import { cpu, lineOf, percent } from '../report';
import { StackGrammar } from '../stackGrammar';

const root = join(__dirname, '../../..');
const agent = join(root, 'dist', 'agent', 'linux-arm64', 'liblineheat.so');
const missing = arm64Missing();
if (missing !== undefined) console.log(`Not run: ${missing}`);

const folders = new Folders();
const pythons = new Map<number, { root: string; python: string }>();

/** Runs a program under the agent under QEMU. Returns where it recorded and what it printed. */
async function record(minor: number, words: string[], more: Record<string, string> = {}) {
  const { root, python } = pythons.get(minor)!;
  const runDir = folders.make();
  const settings = agentEnvironment({ agent, runDir, intervalUs: 1000, memory: true }, {});
  const env = { ...settings, ...more };
  const [command, ...args] = arm64Command(root, env, [python, ...words]);
  const ended = await run(command!, args);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const found = recordings(runDir);
  expect(found).toHaveLength(1);
  return { recording: found[0]!, runDir, stdout: ended.stdout };
}

/** Samples of Python code that ran. */
function running({ samples }: Recording) {
  return samples.filter(
    ({ state, remainder, stack }) => state === 'running' && !remainder && stack !== 0,
  );
}

describe.skipIf(missing !== undefined)('arm64', () => {
  beforeAll(async () => {
    execFileSync('make', ['-s', '-C', join(root, 'profiler-agent')], { stdio: 'inherit' });
    for (const { minor, ...rest } of await ensureArm64Pythons()) pythons.set(minor, rest);
  }, 600_000);
  afterAll(() => folders.clear());

  test('the library is built for arm64 and needs no C library newer than 2.22', () => {
    const header = execFileSync('readelf', ['-h', agent], { encoding: 'utf8' });
    expect(header).toMatch(/Machine:\s+AArch64/);
    const symbols = execFileSync('readelf', ['-W', '--dyn-syms', agent], { encoding: 'utf8' });
    const minors = [...symbols.matchAll(/@GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
    expect(minors.length).toBeGreaterThan(20);
    expect(Math.max(...minors)).toBeLessThanOrEqual(22);
  });

  describe.each(arm64Minors.map((minor) => ({ minor })))('Python 3.$minor', ({ minor }) => {
    test('half of the time is native in sorted(), and half is Python in a loop', async () => {
      const path = program('time/sorted_vs_loop.py');
      const { recording, runDir, stdout } = await record(minor, [path, '1']);
      const [sorting = 0, looping = 0] = stdout.split(' ').map(Number);

      const decoded = decode(recording);
      expect(decoded.process).toMatchObject({ engine: 'native', architecture: 'aarch64' });
      expect(decoded.process!.hexversion >> 16).toBe(0x300 + minor);
      expect(decoded.header.state).toBe('closed');

      const { report } = await show(recording, runDir);
      const sorted = lineOf(report!, path, mark(path, 'sorted')).self;
      const loop = ['for', 'add'].map((name) => lineOf(report!, path, mark(path, name)).self);
      const loopCpu = loop.reduce((sum, cost) => sum + cpu(cost), 0);
      const loopPython = loop.reduce((sum, cost) => sum + cost.python_s, 0);
      const samples = running(decoded);
      const chains = samples.filter(({ native }) => native !== 0);
      const broken = chains.filter(({ nativeIncomplete }) => nativeIncomplete);
      console.log(
        `3.${minor}: sorted ${percent(cpu(sorted), cpu(sorted) + loopCpu)} % (true ${percent(sorting, sorting + looping)} %), native ${percent(sorted.native_s, cpu(sorted))} %, loop python ${percent(loopPython, loopCpu)} %; ${chains.length} native chains, ${broken.length} incomplete`,
      );
      expect(cpu(sorted)).toBeGreaterThan(0.9 * sorting);
      expect(cpu(sorted)).toBeLessThan(1.05 * sorting);
      expect(loopCpu).toBeGreaterThan(0.9 * looping);
      expect(loopCpu).toBeLessThan(1.05 * looping);
      expect(percent(sorted.native_s + sorted.system_s, cpu(sorted))).toBeGreaterThan(90);
      expect(percent(loopPython, loopCpu)).toBeGreaterThan(80);
      // The unwinder comes from the sort to the bytecode loop, through frames that save the return address and leaf
      // functions that do not.
      expect(chains.length).toBeGreaterThan(50);
      expect(percent(broken.length, chains.length)).toBeLessThan(1);
    });

    test('a deep recursion through C is one whole stack with the native frames in between', async () => {
      const path = program('stacks/recursion.py');
      const { recording } = await record(minor, [path, '1']);
      const decoded = decode(recording);
      const stacks = running(decoded).map(({ stack }) => decoded.frames(stack));
      const bottom = stacks.filter((frames) => frames.at(-1)!.name === 'burn');
      const levels = Array.from({ length: 201 }, (_, at) => (at % 2 ? 'through_c' : 'direct'));
      const whole = bottom.filter(
        (frames) =>
          frames.map(({ name }) => name).join() === ['<module>', ...levels, 'burn'].join(),
      );
      // From 3.11 a call from Python to Python stays in the same loop; before, every call is one of C's.
      const mixed = whole.filter((frames) =>
        frames
          .slice(2, -1)
          .every(({ name, between }) => (name === 'direct' || minor < 11) === (between !== 0)),
      );
      console.log(
        `3.${minor}: ${bottom.length} of ${stacks.length} samples at the bottom, ${whole.length} whole, ${mixed.length} with every native frame`,
      );
      expect(bottom.length).toBeGreaterThan(50);
      expect(whole.length).toBe(bottom.length);
      expect(percent(mixed.length, whole.length)).toBeGreaterThan(95);
    });

    test('threads idle in queue.get() wait on that line and have no CPU time', async () => {
      const path = program('waits/idle_threads.py');
      const { recording, runDir, stdout } = await record(minor, [path]);
      const idle = Number(stdout);
      const { report } = await show(recording, runDir);
      const { total } = lineOf(report!, path, mark(path, 'get'));
      console.log(
        `3.${minor}: ${total.wait_s.toFixed(2)} s waiting (true ${(4 * idle).toFixed(2)} s), ${cpu(total).toFixed(3)} s CPU`,
      );
      expect(total.wait_s).toBeGreaterThan(4 * idle * 0.95);
      expect(total.wait_s).toBeLessThan(4 * idle * 1.05 + 0.5);
      expect(cpu(total)).toBeLessThan(0.05 * report!.cpu_s);
      expect(report!.threads).toHaveLength(5);
    });

    // The library is made for this machine's C library, which is newer than that of the oldest Python.
    test.skipIf(minor < 11)('a program keeps its signal handlers and their stacks', async () => {
      const folder = folders.make();
      const library = join(folder, 'signal_stacks.so');
      const flags = ['-O1', '-shared', '-fPIC', '-o', library, program('safety/signal_stacks.c')];
      execFileSync('aarch64-linux-gnu-gcc', [...flags, '-lpthread']);
      const { root, python } = pythons.get(minor)!;
      const words = [python, program('safety/signal_stacks.py'), library];
      const settings = agentEnvironment(
        { agent, runDir: folder, intervalUs: 1000, memory: false },
        {},
      );
      const [bare, watched] = await Promise.all(
        [{}, settings].map(async (env) => {
          const [command, ...args] = arm64Command(root, env, words);
          return run(command!, args);
        }),
      );
      expect(watched!.stdout).toBe(bare!.stdout);
      expect(watched!.code).toBe(0);
      expect(bare!.stdout.split('\n').length).toBeGreaterThan(200);
    });

    test(
      'no sample of thousands has a stack that the program cannot have',
      { timeout: 180_000 },
      async () => {
        const often = { LINEHEAT_INTERVAL_US: '200', LINEHEAT_BUDGET_PERMILLE: '0' };
        const grammar = new StackGrammar('stacks/two_chains.py');
        const decoded = decode((await record(minor, [grammar.path, '2'], often)).recording);
        const samples = running(decoded);
        const found = new Set<string>();
        let wrong = 0;
        let deep = 0;
        for (const { stack } of samples) {
          const frames = decoded.frames(stack);
          if (frames.length > 3) deep++;
          const why = grammar.impossible(frames);
          if (why === undefined) continue;
          wrong++;
          found.add(why);
        }
        const rejected = decoded.stats?.rejected ?? 0;
        console.log(
          `3.${minor}: ${samples.length} samples, ${wrong} impossible, ${rejected} rejected`,
        );
        expect([...found]).toEqual([]);
        expect(samples.length).toBeGreaterThan(2000);
        expect(deep / samples.length).toBeGreaterThan(0.5);
        expect(rejected / samples.length).toBeLessThan(0.02);
      },
    );
  });
});
