/** The environment: the program and all that it starts see it as if we were not there, and all of them are recorded. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentEnvironment } from '../../../protocol/agentEnvironment';
import { agent, Folders, program, run, show } from '../programs';
import { pythons } from '../pythons';

const folders = new Folders();
afterAll(() => folders.clear());
let ways: string;
beforeAll(() => {
  ways = join(folders.make(), 'ways_to_start');
  const flags = ['-O1', '-Wall', '-Werror', '-o', ways, program('processes/ways_to_start.c')];
  expect(spawnSync('cc', flags, { encoding: 'utf8' }).stderr).toBe('');
});

/** Runs it alone and under the agent, in an environment of a few variables: the same output. */
async function recorded(command: string, args: string[], more: Record<string, string> = {}) {
  const few = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', ...more };
  const runDir = folders.make();
  const ours = agentEnvironment({ agent, runDir, intervalUs: 1000, memory: true }, few);
  const start = (env: Record<string, string>) => {
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return run('env', ['-i', ...words, command, ...args]);
  };
  const bare = await start(few);
  expect(await start({ ...few, ...ours })).toEqual(bare);
  expect(bare.code).toBe(0);
  const { report } = await show(runDir, folders.make());
  return { report: report!, output: bare.stdout };
}

describe.each(pythons)('Python $name', (python) => {
  test('children with an empty, new or old environment are recorded, and see no variable of ours', async () => {
    const { report, output } = await recorded(python.path, [program('processes/environment.py')]);
    expect(output).not.toContain('liblineheat');
    // The parent and nine others.
    expect(report.processes).toHaveLength(10);
    expect(report.notes.map(({ text }) => text).join()).not.toContain('not profiled');
  });

  test('the program’s own LD_PRELOAD stays as it is', async () => {
    for (const preload of ['', 'libm.so.6', 'libm.so.6  libdl.so.2:']) {
      const { output } = await recorded(python.path, ['-c', 'import os; print(os.environ)'], {
        LD_PRELOAD: preload,
      });
      expect(output).toContain(`'LD_PRELOAD': '${preload}'`);
    }
  });

  test('Python programs are recorded, whichever function of the C library started them', async () => {
    const args = [python.path, program('processes/environment.py')];
    const { report, output } = await recorded(ways, args);
    expect(output).not.toContain('liblineheat');
    expect(output.match(/ended with 256|ended with 512/g)).toHaveLength(19);
    expect(report.processes).toHaveLength(19);
  });
});

test.runIf(process.arch === 'x64')('a 32-bit program is started without the agent', async () => {
  const other = join(folders.make(), 'other');
  writeFileSync(other, exitsWith(7), { mode: 0o755 });
  if (spawnSync(other).status !== 7) return;
  const words = ['-c', `import subprocess; print(subprocess.run(["${other}"]).returncode)`];
  const { report, output } = await recorded(pythons[0]!.path, words);
  expect(output).toBe('7\n');
  expect(report.notes.map(({ text }) => text).join()).toContain('cannot load the native engine');
});

/** The smallest 32-bit program there is. */
function exitsWith(code: number): Buffer {
  const base = 0x8048000;
  const file = Buffer.alloc(96);
  file.write('\x7fELF\x01\x01\x01', 'latin1');
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(3, 18);
  [1, base + 84, 52].forEach((value, index) => file.writeUInt32LE(value, 20 + 4 * index));
  [52, 32, 1].forEach((value, index) => file.writeUInt16LE(value, 40 + 2 * index));
  [1, 0, base, base, 96, 96, 5, 4096].forEach((value, index) =>
    file.writeUInt32LE(value, 52 + 4 * index),
  );
  // mov $1, %eax; mov $code, %ebx; int $0x80
  Buffer.from([0xb8, 1, 0, 0, 0, 0xbb, code, 0, 0, 0, 0xcd, 0x80]).copy(file, 84);
  return file;
}
