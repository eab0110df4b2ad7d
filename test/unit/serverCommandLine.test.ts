import { expect, test } from 'vitest';
import { parseArguments } from '../../server/cli/arguments';

const run = {
  kind: 'run',
  json: undefined,
  save: undefined,
  intervalUs: 1000,
  memory: true,
  engine: 'auto',
  python: undefined,
  module: false,
};

test('everything after the program belongs to the program', () => {
  expect(parseArguments(['run', 'a.py', '--json', 'x', '-m', '--', '-h'])).toEqual({
    ...run,
    program: 'a.py',
    args: ['--json', 'x', '-m', '--', '-h'],
  });
  expect(parseArguments(['run', '--json', 'o.json', '--no-memory', '-m', 'pytest', '-q'])).toEqual({
    ...run,
    json: 'o.json',
    memory: false,
    module: true,
    program: 'pytest',
    args: ['-q'],
  });
  expect(parseArguments(['run', '--json=-', '--interval-us=500', '--', '-odd.py', '1'])).toEqual({
    ...run,
    json: '-',
    intervalUs: 500,
    program: '-odd.py',
    args: ['1'],
  });
});

test('show and export', () => {
  expect(parseArguments(['show', 'r.linescope', '--json', 'o'])).toEqual({
    kind: 'show',
    recording: 'r.linescope',
    json: 'o',
  });
  expect(parseArguments(['export', 'r', '--format', 'collapsed', '-o', 'f'])).toEqual({
    kind: 'export',
    recording: 'r',
    format: 'collapsed',
    output: 'f',
  });
  expect(parseArguments([])).toEqual({ kind: 'help' });
  expect(parseArguments(['run', '--help'])).toEqual({ kind: 'help' });
});

test.each([
  [['run'], 'Name a Python file'],
  [['run', '-m'], 'Name a module after -m'],
  [['run', '--json'], '--json needs a value'],
  [['run', '--interval-us', 'fast', 'a.py'], 'not "fast"'],
  [['run', '--interval-us', '1', 'a.py'], 'from 50 to 1000000'],
  [['run', '--engine', 'portable', 'a.py'], 'portable engine does not exist yet'],
  [['run', '--engine', 'magic', 'a.py'], 'no engine "magic"'],
  [['run', '--profile', 'a.py'], 'no option --profile'],
  [['run', '-'], 'standard input'],
  [['a.py', '1'], 'linescope run a.py 1'],
  [['frobnicate'], 'no command "frobnicate"'],
  [['show'], 'Name a recording'],
  [['show', 'a', 'b'], 'Name one recording'],
  [['export', 'a', '-o', 'f'], 'Name a format'],
  [['export', 'a', '--format', 'pprof', '-o', 'f'], 'no export to "pprof" yet'],
  [['diff', 'a', 'b'], 'does not exist yet'],
])('%j is answered with one sentence', (argv, sentence) => {
  const command = parseArguments(argv);
  expect(command.kind).toBe('misuse');
  expect(command).toHaveProperty('message', expect.stringContaining(sentence));
});
