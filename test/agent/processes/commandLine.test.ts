/** Every way to name a program on the command line: the program sees what it would see without us, and is measured. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, profile, program, run, tool } from '../programs';
import { pythons } from '../pythons';
import { cpu, lineOf, type Report } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());

const path = program('processes/command_line.py');
const text = readFileSync(path, 'utf8');
const line = mark(path, 'work');
/** The same on one line, which a terminal shows again. */
const code =
  'import sys, time; end = time.thread_time() + 0.15; all(time.thread_time() < end for _ in iter(int, 1)); print(sys.argv, sys.flags)';

// Parsing is the same for all: the oldest and the newest are enough.
const built = pythons.filter(({ name }) => !name.includes('/'));
const two = [...new Set([built[0] ?? pythons[0]!, built.at(-1) ?? pythons[0]!])];

/** CPU seconds of a line with all that it calls. */
function costOf(report: Report, file: string, at: number): number {
  return cpu(lineOf(report, file, at).total);
}

describe.each(two)('Python $name', ({ path: python }) => {
  test.each<[string[], string, number]>([
    [['-I', '-S', path, 'a'], path, line],
    [['-X', 'utf8', '-Wd', '-W', 'ignore', '-OO', '-uB', '-E', path, '-q'], path, line],
    [['-c', code, '-c', 'a'], '<string>', 1],
    [['-ISc', code], '<string>', 1],
    [['-', 'a', '-'], '<stdin>', line],
  ])(
    'a program started with %j runs as without the tool, and is measured',
    async (args, file, at) => {
      const input = file === '<stdin>' ? text : '';
      const bare = await run(python, args, { input });
      const watched = await profile(python, args, folders.make(), { input });
      expect([watched.stdout, watched.code]).toEqual([bare.stdout, 0]);
      expect(costOf(watched.report, file, at)).toBeGreaterThan(0.08);
      // Without site no other code has the same file name, so the line is surely this one.
      if (args[0] === '-ISc') expect(watched.stderr).toContain('import sys, time; end = ');
    },
  );

  test('a command line that begins with python is measured', async () => {
    const folder = folders.make();
    const json = join(folder, 'report.json');
    const words = ['run', '-q', '-o', json, '--native', '---', python, '-B', path, '--rate'];
    const watched = await run(process.execPath, [tool, ...words]);
    const bare = await run(python, ['-B', path, '--rate']);
    expect(watched).toEqual(bare);
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(costOf(report, path, line)).toBeGreaterThan(0.08);
  });

  test('a Python that another command starts is measured', async () => {
    const folder = folders.make();
    const json = join(folder, 'report.json');
    const command = ['sh', '-c', '"$0" "$1" "$2"; exit 3', python, path, 'a  b'];
    const words = [tool, 'run', '--rate', '500', '--json', json, '--exec', ...command];
    const watched = await run(process.execPath, words);
    const bare = await run(command[0]!, command.slice(1));
    expect([watched.stdout, watched.code]).toEqual([bare.stdout, 3]);
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report & { interval_us: number };
    expect(report.interval_us).toBe(2000);
    expect(costOf(report, path, line)).toBeGreaterThan(0.08);
  });

  test('a console script runs with the Python of its first line', async () => {
    const folder = folders.make();
    const venv = join(folder, 'venv');
    execFileSync(python, ['-m', 'venv', '--without-pip', venv]);
    const bin = join(venv, 'bin');
    const own = join(bin, 'python');
    writeFileSync(join(bin, 'short'), `#!${own} -B\n${text}`, { mode: 0o755 });
    const long = `#!/bin/sh\n'''exec' "${own}" "$0" "$@"\n' '''\n${text}`;
    writeFileSync(join(bin, 'long'), long, { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env['PATH']}` };
    for (const name of ['short', 'long']) {
      const watched = await run(process.execPath, [tool, 'run', '-q', name, 'a'], { env });
      expect(watched).toEqual(await run(name, ['a'], { env }));
      expect(watched.stdout).toContain(venv);
    }
  });

  test('names that are not UTF-8 reach the program unchanged and are shown', async () => {
    const folder = folders.make();
    // Node cannot say such names, a shell can. The program lies in a folder and has a name of that kind.
    const script = [
      'd=$(printf "$0/d\\351r"); mkdir -p "$d"; cp "$1" "$d/caf$(printf "\\351").py"; cd "$d"; shift',
      'RAW=$(printf "a\\351") exec "$@" *.py "$(printf "\\377\\303\\251")" é ""',
    ].join('\n');
    const start = (...words: string[]) => run('/bin/sh', ['-c', script, folder, path, ...words]);
    const bare = await start(python);
    const json = join(folder, 'report.json');
    const watched = await start(process.execPath, tool, 'run', '--json', json, '--python', python);
    expect(bare.stdout).toContain(String.raw`'caf\udce9.py', '\udcff\xe9', '\xe9', ''`);
    expect([watched.stdout, watched.code]).toEqual([bare.stdout, 0]);
    // Its line is shown with its text, so the source was found too.
    expect(watched.stderr).toContain('sum(range(2000))');
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    const shown = join(folder, String.raw`d\xe9r/caf\xe9.py`);
    expect(costOf(report, shown, line)).toBeGreaterThan(0.08);
  });
});

test('a warning says when a source file is newer than the run', async () => {
  const folder = folders.make();
  const copy = join(mkdtempSync(join(folder, 'src-')), 'program.py');
  copyFileSync(path, copy);
  const saved = join(folder, 'a.lineheat');
  const words = [tool, 'run', '-q', '-o', saved, '--python', pythons[0]!.path, copy];
  expect((await run(process.execPath, words)).stderr).toBe('');
  const before = await run(process.execPath, [tool, 'show', saved]);
  expect(before.stdout).not.toContain('changed');
  writeFileSync(copy, text.replace('import sys', 'import sys  # new'));
  const after = await run(process.execPath, [tool, 'show', saved]);
  expect(after.stdout).toMatch(/warning: .*program\.py was changed after the run/);
});

test('FORCE_COLOR and NO_COLOR decide about colour', async () => {
  const folder = folders.make();
  mkdirSync(join(folder, 'a'));
  const words = [tool, 'run', '--python', pythons[0]!.path, path];
  const forced = await run(process.execPath, words, { env: { FORCE_COLOR: '1' } });
  expect(forced.stderr).toContain('\u001b[1m');
  const forbidden = { FORCE_COLOR: '1', NO_COLOR: '1' };
  expect((await run(process.execPath, words, { env: forbidden })).stderr).not.toContain('\u001b');
});
