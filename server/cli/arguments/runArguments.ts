/**
 * Parses the arguments of `lineheat run` by hand, because Python's own options stand among ours, and everything after the
 * program belongs to the program.
 */
import { intervalOf, intervalOfRate, intervalOfUs } from './interval';
import type { ProgramForm } from '../../launch/plan';
import { Misuse } from './misuse';
import { defaultLimitBytes } from '../../../protocol/lsp';
import { nearest } from './nearest';
import { allNames, engines, runOptions } from './options';
import { isPythonName, readPythonWord } from '../../launch/pythonOptions';
import { limitOf } from './size';
import { Words } from './words';

export interface RunCommand {
  kind: 'run';
  json: string | undefined;
  save: string | undefined;
  intervalUs: number;
  memory: boolean;
  /** What the recording may take of the disk, bytes. */
  limitBytes: number;
  engine: 'auto' | 'native';
  quiet: boolean;
  /** The interpreter that the user named, and where, for messages. */
  python: { path: string; source: string } | undefined;
  /** Options of the interpreter. */
  options: string[];
  form: ProgramForm;
  /** A path, a module, code, `-`, or a command. */
  program: string;
  args: string[];
  /** Sentences for a user who may have meant something else. */
  hints: string[];
}

/** Parses the arguments after `run`; undefined when help was asked for. Throws Misuse. */
export function parseRun(argv: string[]): RunCommand | undefined {
  const words = new Words(argv);
  const command: RunCommand = {
    kind: 'run',
    json: undefined,
    save: undefined,
    intervalUs: 1000,
    memory: true,
    limitBytes: defaultLimitBytes,
    engine: 'auto',
    quiet: false,
    python: undefined,
    options: [],
    form: 'script',
    program: '',
    args: [],
    hints: [],
  };
  for (;;) {
    const word = words.peek();
    if (word === '--' || word === '---') {
      words.next();
      takeProgram(words, command);
      break;
    }
    if (word === '--exec') {
      words.next();
      if (words.peek() === '--') words.next();
      takeCommand(words, command);
      break;
    }
    const option = words.option(runOptions);
    if (option?.name === '-h') return undefined;
    if (option) {
      takeOption(option, command);
      continue;
    }
    if (takePythonOption(words, command)) {
      if (command.program !== '') break;
      continue;
    }
    if (word?.startsWith('-') && word !== '-') throw new Misuse(unknownOption(word));
    takeProgram(words, command);
    break;
  }
  if (command.args[0] === '---' && command.form !== 'command') {
    command.hints.push(
      'Everything after the program belongs to the program, "---" too; leave "---" out if it is for lineheat.',
    );
  }
  return command;
}

function takeOption(option: { name: string; value: string }, command: RunCommand): void {
  const { name, value } = option;
  const isReport = name === '-o' && (value === '-' || value.endsWith('.json'));
  if (name === '--json' || isReport) command.json = value;
  else if (name === '--save' || name === '-o') command.save = value;
  else if (name === '--python') command.python = { path: value, source: '--python' };
  else if (name === '--interval') command.intervalUs = intervalOf(value);
  else if (name === '--interval-us') command.intervalUs = intervalOfUs(value);
  else if (name === '--rate') command.intervalUs = intervalOfRate(value);
  else if (name === '--limit') command.limitBytes = limitOf(value);
  else if (name === '--no-memory') command.memory = false;
  else if (name === '--engine') command.engine = engine(value);
  else if (name === '-q') command.quiet = true;
}

/** Takes an option of Python's, or `-m` or `-c` with what follows. Returns false for any other word. */
function takePythonOption(words: Words, command: RunCommand): boolean {
  const word = words.peek();
  const read = word === undefined ? undefined : readPythonWord(word);
  if (!read) return false;
  words.next();
  command.options.push(...read.words);
  if (read.kind === 'options') {
    if (!read.value) return true;
    const value = words.next();
    if (value === undefined) throw new Misuse(`${word} needs a value.`);
    command.options.push(value);
    return true;
  }
  const program = read.inline ?? words.next();
  if (program === undefined || program === '') {
    throw new Misuse(read.form === 'module' ? 'Name a module after -m.' : 'Write code after -c.');
  }
  Object.assign(command, { form: read.form, program, args: words.rest() });
  return true;
}

/** Takes the program, or Python's own command line that names it. */
function takeProgram(words: Words, command: RunCommand): void {
  const word = words.peek();
  if (word !== undefined && isPythonName(word)) {
    takePythonCommand(words, command);
    return;
  }
  // `-- -m module` is accepted, although the `--` is not needed.
  if (word !== undefined && /^-[mc]$/.test(word)) {
    takePythonOption(words, command);
    return;
  }
  words.next();
  if (word === undefined || word === '') {
    throw new Misuse('Name a Python file to run, or -m and a module.');
  }
  Object.assign(command, {
    form: word === '-' ? 'input' : 'script',
    program: word,
    args: words.rest(),
  });
}

/** `python -X dev script.py`: the interpreter is named as for a shell. */
function takePythonCommand(words: Words, command: RunCommand): void {
  const path = words.next()!;
  if (command.python) {
    throw new Misuse(
      `The interpreter is named twice, by --python and as ${path}; leave one of them out.`,
    );
  }
  command.python = { path, source: 'the command line' };
  while (takePythonOption(words, command)) if (command.program !== '') return;
  const word = words.next();
  if (word === undefined || word === '') {
    throw new Misuse(`Name what ${path} shall run: a Python file, or -m and a module.`);
  }
  if (word.startsWith('-') && word !== '-') throw new Misuse(`${path} takes no option ${word}.`);
  Object.assign(command, {
    form: word === '-' ? 'input' : 'script',
    program: word,
    args: words.rest(),
  });
}

function takeCommand(words: Words, command: RunCommand): void {
  const program = words.next();
  if (program === undefined || program === '') throw new Misuse('Name a command after --exec.');
  if (command.python || command.options.length > 0) {
    throw new Misuse(
      '--exec runs a command as it is: write the interpreter and its options in it.',
    );
  }
  Object.assign(command, { form: 'command', program, args: words.rest() });
}

function unknownOption(word: string): string {
  const name = word.startsWith('--') ? word.replace(/=.*$/s, '') : word;
  const meant = nearest(name, allNames(runOptions));
  return meant
    ? `lineheat run has no option ${name}; did you mean ${meant}?`
    : `lineheat run has no option ${name}; options of the program come after its name.`;
}

function engine(text: string): RunCommand['engine'] {
  if (text === 'auto' || text === 'native') return text;
  if (text === 'portable') {
    throw new Misuse('The portable engine does not exist yet; use --engine native on Linux.');
  }
  throw new Misuse(
    `There is no engine "${text}"; --engine takes ${engines.slice(0, -1).join(', ')} or ${engines.at(-1)}.`,
  );
}
