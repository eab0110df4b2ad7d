/** Only my code: which files are the user's own, and where the time of all others goes. */
import { expect, test } from 'vitest';
import { cpuOf } from '../../../profile/cost';
import type { Profile } from '../../../profile/types';
import type { View } from '../../../profile/view/viewed';
import { viewedPlaces, viewedProfile } from '../../../profile/view/viewed';
import { isOwn, OwnCode } from '../../../server/editing/ownCode';
import { describeEnd } from '../../../server/output/outcome';
import type { Run } from '../../../server/reading/run';
import { ms, Program } from '../recordings';

/** A program that begins with `import numpy`, then has a library work for it and call it back. */
function recorded(argv: string[] = ['python3', 'a.py']): Program {
  const program = new Program({}, undefined, argv);
  program.thread(1, 100);
  const site = '/usr/lib/python3.12/site-packages';
  const tower = Array.from({ length: 20 }, () => [
    '<frozen importlib._bootstrap>:_find_and_load:1:3',
    '<frozen importlib._bootstrap_external>:exec_module:1:2',
  ]).flat();
  const importing = program.stack('a.py:<module>:1:1', ...tower, `${site}/numpy/a.py:<module>:1:7`);
  const working = program.stack('a.py:<module>:1:4', `${site}/pandas/frame.py:apply:1:9`);
  const calledBack = program.stack(
    'a.py:<module>:1:4',
    `${site}/pandas/frame.py:apply:1:9`,
    'a.py:key:6:7',
  );
  const vendored = program.stack('a.py:<module>:1:5', 'vendor/spin.py:spin:1:2');
  program.samples(30, { stack: importing });
  program.samples(20, { stack: working });
  program.samples(10, { stack: calledBack });
  program.samples(5, { stack: vendored });
  return program;
}

/** CPU time of lines, ms: `a.py:1`. */
function lines({ files }: Profile): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { path, lines } of files.values()) {
    for (const { line, self } of lines) {
      if (cpuOf(self) > 0) found[`${path.replace('/project/', '')}:${line}`] = cpuOf(self) / ms;
    }
  }
  return found;
}

function folded(program: Program, libraryPatterns: string[]): Record<string, number> {
  const whole = program.builder.snapshot();
  const run = { profile: () => whole } as unknown as Run;
  const fold = new OwnCode().foldOf(run, { onlyMyCode: true, libraryPatterns })!;
  return lines(viewedProfile(whole, viewedPlaces(program.builder, { fold })));
}

test('the cost of an import is on its line, whatever frames of importlib are in between', () => {
  const program = recorded();
  expect(Object.keys(lines(program.builder.snapshot()))).toContain(
    '/usr/lib/python3.12/site-packages/numpy/a.py:7',
  );
  expect(folded(program, [])).toEqual({
    'a.py:1': 30,
    'a.py:4': 20,
    'a.py:7': 10,
    'vendor/spin.py:2': 5,
  });
});

test('a pattern makes files of the workspace count as libraries', () => {
  for (const pattern of ['vendor/**', '/project/vendor/**', '**/spin.py', 'spin.py']) {
    expect(folded(recorded(), [pattern]), pattern).toMatchObject({ 'a.py:5': 5, 'a.py:7': 10 });
  }
  // Without a fold everything stays where it is.
  const run = {} as Run;
  const off = { onlyMyCode: false, libraryPatterns: ['vendor/**'] };
  expect(new OwnCode().foldOf(run, off)).toBeUndefined();
});

test('the message at the end names the hottest own line, not one inside a library', () => {
  const { builder } = recorded();
  const whole = builder.snapshot();
  const run = {
    profile: () => whole,
    viewed: (view: View) => viewedProfile(whole, viewedPlaces(builder, view)),
    programName: () => 'a.py',
    processCount: 1,
    notes: () => [],
  } as unknown as Run;
  const fold = (libraryPatterns: string[]) =>
    new OwnCode().foldOf(run, { onlyMyCode: true, libraryPatterns });
  expect(describeEnd(run, 0, false, fold([]))).toMatchObject({
    message: expect.stringMatching(/, hottest line of your own code a\.py:1 \(46/),
    hottest: { path: '/project/a.py', line: 1 },
  });
  // Without knowing what is one's own, and where nothing is.
  for (const own of [undefined, fold(['**'])]) {
    expect(describeEnd(run, 0, false, own).hottest).toMatchObject({ line: 7 });
  }
});

test.each<[string, string[], boolean]>([
  ['/home/me/a.py', ['python3', 'a.py'], true],
  ['/usr/lib/python3.12/json/decoder.py', ['python3', 'a.py'], false],
  ['/home/me/.venv/lib/python3.12/site-packages/pandas/frame.py', ['python3', 'a.py'], false],
  ['<frozen importlib._bootstrap>', ['python3', 'a.py'], false],
  ['<string>', ['python3', 'a.py'], false],
  ['<string>', ['python3', '-c', 'print(1)'], true],
  // What is run is one's own, wherever it lies.
  ['/usr/lib/python3.12/timeit.py', ['python3', '/usr/lib/python3.12/timeit.py'], true],
  ['/usr/lib/python3.12/timeit.py', ['python3', './timeit.py'], true],
  // A library's file may be called like it.
  ['/usr/lib/python3.12/site-packages/flask/app.py', ['python3', 'app.py'], false],
  ['/usr/lib/python3.12/json/tool.py', ['python3', '-m', 'json.tool'], true],
  ['/usr/lib/python3.12/json/decoder.py', ['python3', '-m', 'json.tool'], false],
])('%s is own code when %j runs: %s', (path, command, own) => {
  expect(
    isOwn(path, { processes: [{ command, cwd: '/usr/lib/python3.12' }] } as unknown as Profile),
  ).toBe(own);
});
