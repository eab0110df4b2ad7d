/** What a program does first is on its lines, however it is started: there is no script to open in any of these. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, program, run, show, underAgent } from '../programs';
import { pythons } from '../pythons';
import { cpu } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());

const main = program('processes/early/__main__.py');
const folder = dirname(main);

describe.each(pythons)('Python $name', (python) => {
  function archive(): string {
    const path = join(folders.make(), 'early.pyz');
    execFileSync(python.path, ['-m', 'zipapp', folder, '-o', path]);
    return path;
  }
  const ways: [string, () => string[]][] = [
    ['a module', () => ['-m', 'early']],
    ['a command', () => ['-I', '-S', '-c', readFileSync(main, 'utf8')]],
    ['a folder', () => [folder]],
    ['an archive', () => [archive()]],
  ];

  test.each(ways)(
    'the first work and the first wait are on their lines when %s is run',
    async (_, args) => {
      const runDir = folders.make();
      const env = { ...underAgent(runDir), PYTHONDONTWRITEBYTECODE: '1' };
      const { stdout } = await run(python.path, args(), { env, cwd: dirname(folder) });
      const [waited = 0, worked = 0] = stdout.trim().split(' ').map(Number);
      const { report } = await show(runDir, folders.make());
      // An archive's lines have a path inside it, and a command's have none.
      const lines = report!.files
        .filter(({ path }) => path.endsWith('/__main__.py') || path === '<string>')
        .flatMap((file) => file.lines);
      const of = (name: string) => lines.filter(({ line }) => line === mark(main, name));
      const sum = (costs: number[]): number => costs.reduce((all, cost) => all + cost, 0);
      expect(sum(of('call').map(({ total }) => cpu(total)))).toBeGreaterThan(0.93 * worked);
      // The program's clock also counts the time until a core was free.
      const wait = sum(of('wait').map(({ total }) => total.wait_s + (total.queue_s ?? 0)));
      // Waiting before that, as for a disk, is charged to the first wait that is seen.
      expect(wait).toBeGreaterThan(waited - 0.05);
    },
  );
});
