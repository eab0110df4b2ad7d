import { expect, test } from 'vitest';
import { parseArguments } from '../../../../server/cli/arguments/parse';
import { helpText } from '../../../../server/cli/arguments/help';
import { commands } from '../../../../server/cli/arguments/options';
import { columns } from '../../../../server/cli/text/terminal';

const run = {
  kind: 'run',
  json: undefined,
  save: undefined,
  intervalUs: 1000,
  memory: true,
  limitBytes: 2e9,
  engine: 'auto',
  quiet: false,
  python: undefined,
  options: [],
  form: 'script',
  args: [],
  hints: [],
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
    form: 'module',
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

test.each<[string[], object]>([
  [['-c', 'print(1)', '-c'], { form: 'code', program: 'print(1)', args: ['-c'] }],
  [['-', '-q'], { form: 'input', program: '-', args: ['-q'] }],
  [['--exec', './go.sh', '--json'], { form: 'command', program: './go.sh', args: ['--json'] }],
  [['--exec', '--', 'make'], { form: 'command', program: 'make' }],
  [
    ['-I', '-X', 'dev', '-Wd', '-W', 'error', '-OO', '-Xfoo', '-uB', 'a.py'],
    { options: ['-I', '-X', 'dev', '-Wd', '-W', 'error', '-OO', '-Xfoo', '-uB'], program: 'a.py' },
  ],
  [['-ISc', 'x=1'], { options: ['-IS'], form: 'code', program: 'x=1' }],
  [['-mtimeit', '1'], { form: 'module', program: 'timeit', args: ['1'] }],
  [['-E', '-q', '-m', 'x'], { options: ['-E'], quiet: true, form: 'module', program: 'x' }],
  [['--', 'a.py', '--'], { program: 'a.py', args: ['--'] }],
  [['---', 'a.py'], { program: 'a.py' }],
  [['a.py', '---', 'x'], { program: 'a.py', args: ['---', 'x'], hints: [expect.any(String)] }],
  [
    ['--', 'python', '-X', 'dev', 'a.py', '-q'],
    {
      python: { path: 'python', source: 'the command line' },
      options: ['-X', 'dev'],
      program: 'a.py',
      args: ['-q'],
    },
  ],
  [
    ['/opt/bin/python3.12', '-m', 'pytest', '-x'],
    {
      python: { path: '/opt/bin/python3.12', source: 'the command line' },
      form: 'module',
      program: 'pytest',
      args: ['-x'],
    },
  ],
  [['-o', 'a.lineheat', 'a.py'], { save: 'a.lineheat', program: 'a.py' }],
  [['-oa.json', 'a.py'], { json: 'a.json', program: 'a.py' }],
  [['--output=-', 'a.py'], { json: '-', program: 'a.py' }],
  [['--rate', '5000', 'a.py'], { intervalUs: 200, program: 'a.py' }],
  [['--limit', '500MB', 'a.py'], { limitBytes: 5e8, program: 'a.py' }],
  [['--limit=.5gb', 'a.py'], { limitBytes: 5e8, program: 'a.py' }],
  [['--limit', 'none', 'a.py'], { limitBytes: Infinity, program: 'a.py' }],
  [['--interval', '1ms', 'a.py'], { intervalUs: 1000, program: 'a.py' }],
  [['--interval=.25ms', 'a.py'], { intervalUs: 250, program: 'a.py' }],
  [['--native', '--follow-fork', '--cpu-only', 'a.py'], { memory: false, program: 'a.py' }],
  [['--python', 'p', 'a.py'], { python: { path: 'p', source: '--python' }, program: 'a.py' }],
])('run is parsed: %j', (argv, expected) => {
  expect(parseArguments(['run', ...argv])).toEqual({ ...run, ...expected });
});

test('show and export are parsed', () => {
  expect(parseArguments(['show', 'r.lineheat', '--json', 'o'])).toEqual({
    kind: 'show',
    recording: 'r.lineheat',
    json: 'o',
    quiet: false,
  });
  expect(parseArguments(['export', 'r', '--format', 'collapsed', '-o', 'f'])).toEqual({
    kind: 'export',
    recording: 'r',
    format: 'collapsed',
    output: 'f',
  });
  expect(parseArguments([])).toEqual({ kind: 'help' });
  expect(parseArguments(['run', '--help'])).toEqual({ kind: 'help', topic: 'run' });
  expect(parseArguments(['help', 'show'])).toEqual({ kind: 'help', topic: 'show' });
});

test.each([undefined, ...commands.map(({ name }) => name)])(
  'the help text of %s fits 80 columns',
  (topic) => {
    const lines = helpText(topic).split('\n');
    expect(lines.filter((line) => columns(line) > 80)).toEqual([]);
    expect(lines.filter((line) => / $/.test(line))).toEqual([]);
    for (const { names } of commands.find(({ name }) => name === topic)?.options ?? []) {
      for (const name of names) expect(helpText(topic)).toContain(name);
    }
  },
);

test.each([
  [['run'], 'Name a Python file'],
  [['run', '-m'], 'Name a module after -m'],
  [['run', '--json'], '--json needs a value'],
  [['run', '--interval-us', 'fast', 'a.py'], 'not "fast"'],
  [['run', '--interval-us', '1', 'a.py'], 'from 50 to 1000000'],
  [['run', '--engine', 'portable', 'a.py'], 'portable engine does not exist yet'],
  [['run', '--engine', 'magic', 'a.py'], 'no engine "magic"'],
  [['run', '--profile', 'a.py'], 'no option --profile'],
  [['run', '-c'], 'Write code after -c'],
  [['run', '-X'], '-X needs a value'],
  [['run', '--exec'], 'Name a command after --exec'],
  [['run', '-I', '--exec', 'ls'], 'write the interpreter and its options in it'],
  [['run', '--', 'python'], 'Name what python shall run'],
  [['run', '--python', 'p', 'python', 'a.py'], 'named twice'],
  [['run', '--pyhton', 'p', 'a.py'], 'no option --pyhton; did you mean --python?'],
  [['show', '--jsno', 'f', 'a'], 'did you mean --json?'],
  [['shwo', 'a'], 'did you mean show?'],
  [['run', '-Z', 'a.py'], 'no option -Z'],
  [['run', '--native=no', 'a.py'], '--native takes no value'],
  [['run', '--rate', '0', 'a.py'], 'from 1 to 20000'],
  [['run', '--limit', '2', 'a.py'], 'a size with its unit'],
  [['run', '--limit', '1KB', 'a.py'], '100KB or more'],
  [['run', '--interval', '1', 'a.py'], 'a time with its unit'],
  [['completions', 'tcsh'], 'bash, zsh, fish'],
  [['record', 'a.py'], 'lineheat run -o FILE'],
  [['-m', 'pytest'], 'lineheat run -m pytest'],
  [['a.lineheat'], 'lineheat show a.lineheat'],
  [['a.py', '1'], 'lineheat run a.py 1'],
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
