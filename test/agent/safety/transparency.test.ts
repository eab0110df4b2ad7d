/** Whether a program can tell that it is watched: output, exit code, signals and everything around it stay its own. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { constants } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import {
  cleanEnvironment,
  Folders,
  program,
  recordings,
  run,
  show,
  tool,
  underAgent,
  type Ended,
  type Options,
} from '../programs';
import { pythons } from '../pythons';

const folders = new Folders();
afterAll(() => folders.clear());

/** The same command bare and under the agent. */
async function both(
  command: string,
  args: string[],
  options: Options = {},
  settings: Record<string, string> = {},
) {
  const runDir = folders.make();
  const bare = await run(command, args, options);
  const env = { ...options.env, ...underAgent(runDir, settings) };
  const watched = await run(command, args, { ...options, env });
  expect(recordings(runDir)).not.toEqual([]);
  return { bare, watched, runDir };
}

/** Addresses differ from run to run. */
function stable({ stdout, stderr, ...rest }: Ended): Ended {
  const text = (given: string) => given.replace(/0x[0-9a-f]+/g, '0x…');
  return { ...rest, stdout: text(stdout), stderr: text(stderr) };
}

const endings: [string, number | NodeJS.Signals][] = [
  ['return', 0],
  ['exit3', 3],
  ['message', 1],
  ['raise', 1],
  ['_exit4', 4],
  ['abort', 'SIGABRT'],
  ['segv', 'SIGSEGV'],
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
  ['SIGKILL', 'SIGKILL'],
];

describe.each(pythons)('Python $name', (python) => {
  test.each(endings)('ends as without the agent: %s', async (how, end) => {
    const { bare, watched, runDir } = await both(python.path, [program('safety/endings.py'), how]);
    expect(watched).toEqual(bare);
    expect(watched.code ?? watched.signal).toBe(end);
    const { report } = await show(runDir, folders.make());
    expect(report!.processes).toHaveLength(1);
    // A process that a signal ended had no time to say how it ends.
    expect(report!.processes[0]!.exit).toBe(typeof end === 'number' ? end : null);
    expect(report!.processes[0]!.state).toBe(typeof end === 'number' ? 'ended' : 'lost');
  });

  test.each(endings)('ends for the shell as without the tool: %s', async (how, end) => {
    const args = [program('safety/endings.py'), how];
    const bare = await run(python.path, args);
    const words = [tool, 'run', '--python', python.path, ...args];
    const watched = await run(process.execPath, words);
    expect(watched.code).toBe(typeof end === 'number' ? end : 128 + constants.signals[end]);
    expect(watched.stdout).toBe(bare.stdout);
    expect(watched.stderr.startsWith(bare.stderr)).toBe(true);
  });

  test.each(['fork_in_thread', 'first_exits', 'daemons'])(
    'ends when its last thread ends: %s',
    async (how) => {
      const { bare, watched, runDir } = await both(python.path, [
        program('safety/last_thread.py'),
        how,
      ]);
      // 3.12 warns of a fork beside other threads, by the number of the process.
      const anonymous = ({ stderr, ...rest }: Ended) => ({
        ...rest,
        stderr: stderr.replace(/pid=\d+/, 'pid=…'),
      });
      expect(anonymous(watched)).toEqual(anonymous(bare));
      expect(bare.code).toBe(0);
      const { report } = await show(runDir, folders.make());
      expect(report!.processes.map(({ state }) => state).join()).toMatch(/^ended(,ended)?$/);
    },
  );

  test('sees the same arguments, environment and process', async () => {
    const args = [program('safety/identity.py'), 'one', '--two', 'th ree'];
    const { bare, watched } = await both(python.path, args, { cwd: folders.make() });
    expect(watched).toEqual(bare);
    expect(bare.code).toBe(0);
  });

  test('sees the same arguments, environment and process as a module in a virtual environment', async () => {
    const folder = folders.make();
    const made = spawnSync(python.path, ['-m', 'venv', '--without-pip', join(folder, 'venv')], {
      env: cleanEnvironment(),
    });
    expect(made.status).toBe(0);
    const { bare, watched } = await both(
      join(folder, 'venv', 'bin', 'python'),
      ['-X', 'dev', '-m', 'identity', '--', 'x'],
      { cwd: join(__dirname, '../programs/safety'), env: { PYTHONDONTWRITEBYTECODE: '1' } },
    );
    expect(stable(watched)).toEqual(stable(bare));
    expect(bare.code).toBe(0);
  });

  test('reads all of its input', async () => {
    const input = 'line\n'.repeat(50_000);
    const { bare, watched } = await both(python.path, [program('safety/copy_input.py')], { input });
    expect(watched.stdout.length).toBe(input.length + '250000\n'.length);
    expect(watched).toEqual(bare);
    const words = [tool, 'run', '--python', python.path, program('safety/copy_input.py')];
    expect((await run(process.execPath, words, { input })).stdout).toBe(bare.stdout);
  });

  test.each(['1000', '100'])(
    'keeps its signal handlers and their stacks, sampled every %s µs',
    async (us) => {
      const library = join(folders.make(), 'signal_stacks.so');
      const flags = ['-O1', '-Wall', '-Werror', '-shared', '-fPIC', '-o', library];
      const made = spawnSync('cc', [...flags, program('safety/signal_stacks.c'), '-lpthread'], {
        encoding: 'utf8',
      });
      expect(made.stderr).toBe('');
      const env = { LINEHEAT_INTERVAL_US: us, LINEHEAT_BUDGET_PERMILLE: '0' };
      const { bare, watched } = await both(
        python.path,
        [program('safety/signal_stacks.py'), library],
        {},
        env,
      );
      expect(watched).toEqual(bare);
      expect(bare.code).toBe(0);
      expect(bare.stdout.split('\n').length).toBeGreaterThan(200);
    },
  );

  test('keeps the memory that its stack pointer points into', async () => {
    const { bare, watched } = await both(python.path, [program('safety/borrowed_stack.py')]);
    expect(bare.stdout).toBe('fine\n');
    expect(watched).toEqual(bare);
  });

  test('keeps its signals, timers and faulthandler', async () => {
    const { bare, watched } = await both(python.path, [program('safety/signals.py')]);
    expect(bare.stdout).not.toContain('False');
    expect(stable(watched)).toEqual(stable(bare));
    expect(bare.code).toBe(0);
  });
});
