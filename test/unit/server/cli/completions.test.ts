/** Completions in the real shells, typed at them. A shell that is not installed is skipped; bash has to be there. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { completions } from '../../../../server/cli/complete/completions';
import { shells, type Shell } from '../../../../server/cli/arguments/options';

vi.setConfig({ testTimeout: 90_000 });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-completions-'));
  for (const shell of shells) writeFileSync(join(folder, shell), completions(shell));
  writeFileSync(join(folder, 'program.py'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Where a shell is, or undefined. */
function find(shell: Shell): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${shell}`], { encoding: 'utf8' }).trim();
  } catch {
    console.log(`${shell} is not installed, so its completions are not tested.`);
    return undefined;
  }
}

/** What is typed before the tab key, and the command line after it. */
const typed: [string, string][] = [
  ['lineheat sh', 'show'],
  ['lineheat run --eng', 'run --engine'],
  ['lineheat run --engine nat', 'run --engine native'],
  ['lineheat run -o prog', 'run -o program.py'],
  ['lineheat run prog', 'run program.py'],
  // The option is the program's.
  ['lineheat run program.py --js', 'run program.py --js'],
  ['lineheat run --exec expo', 'run --exec export'],
  ['lineheat show --js', 'show --json'],
  ['lineheat export program.py -f spe', 'export program.py -f speedscope'],
  ['lineheat completions fi', 'completions fish'],
];

describe.each([
  ['bash', (file: string) => `eval "$(cat ${file})"; PS1='$ '`],
  ['zsh', (file: string) => `autoload -Uz compinit; compinit -u -D; eval "$(cat ${file})"`],
] as const)('%s', (shell, setup) => {
  const path = find(shell);
  test.skipIf(!path)('completes commands, options and files', () => {
    const driver = join(__dirname, 'typeInShell.py');
    const lines = typed.map(([line]) => line);
    const args = [driver, path!, setup(join(folder, shell)), ...lines];
    const output = execFileSync('python3', args, { encoding: 'utf8', cwd: folder });
    expect(
      output
        .trimEnd()
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(typed.map(([, whole]) => whole));
  });
});

describe('fish', () => {
  const path = find('fish');
  test.skipIf(!path)('completes commands, options and files', () => {
    const offered = typed.map(([line]) => {
      const code = `source ${join(folder, 'fish')}; complete -C '${line}'`;
      return execFileSync(path!, ['--no-config', '-c', code], { encoding: 'utf8', cwd: folder })
        .split('\n')
        .map((candidate) => candidate.split('\t')[0]!);
    });
    typed.forEach(([line, whole], index) => {
      const last = whole.split(' ').at(-1)!;
      if (line.endsWith(last)) expect(offered[index]).toEqual(['']);
      else expect(offered[index]).toContain(last);
    });
  });
});
