/** Programs that load Python late, as those frozen into one file do: they are recorded from there on. */
import { spawnSync } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Folders, mark, program, run, show, underAgent } from '../programs';
import { pythons } from '../pythons';
import { cpu, lineOf } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
let embed: string;
beforeAll(() => {
  embed = join(folders.make(), 'embed');
  const flags = ['-O1', '-Wall', '-Werror', '-o', embed, program('processes/embed.c'), '-ldl'];
  expect(spawnSync('cc', flags, { encoding: 'utf8' }).stderr).toBe('');
});

/** The library that an interpreter is in, where it is in one. */
function libraryOf(python: string): string | undefined {
  const folder = join(dirname(dirname(realpathSync(python))), 'lib');
  const found = readdirSync(folder).find((name) => /^libpython3\.\d+\.so\.1\.0$/.test(name));
  return found && join(folder, found);
}

const path = program('processes/embedded.py');
const shared = pythons.flatMap((python) => {
  const library = libraryOf(python.path);
  return library ? [{ ...python, library }] : [];
});

describe.each(shared)('Python $name', (python) => {
  test.each(['global', 'local'])(
    'Python in a library loaded late is recorded (scope: %s)',
    async (scope) => {
      const args = [python.library, scope, python.path, '-S', path];
      const bare = await run(embed, args);
      const runDir = folders.make();
      const ended = await run(embed, args, { env: underAgent(runDir) });
      expect(bare).toMatchObject({ code: 5, stderr: '' });
      expect(ended).toMatchObject({ code: 5, stderr: '' });
      const { report } = await show(runDir, folders.make());
      expect(report!.processes.map(({ state, exit }) => [state, exit])).toEqual([
        ['ended', 5],
        ['ended', 6],
      ]);
      const used = ended.stdout.trim().split('\n').map(Number);
      expect(used).toHaveLength(2);
      const worked = cpu(lineOf(report!, path, mark(path, 'work')).total);
      // Until the library is noticed, and until the child's recording begins, some time passes, more on a busy machine.
      expect(worked).toBeGreaterThan(0.95 * (used[0]! + used[1]!) - 0.2);
    },
  );
});
