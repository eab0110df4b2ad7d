/** The command line of `linescope`, parsed by hand because everything after the program's name is the program's. */

export interface RunCommand {
  kind: 'run';
  json: string | undefined;
  save: string | undefined;
  intervalUs: number;
  memory: boolean;
  engine: 'auto' | 'native' | 'portable';
  python: string | undefined;
  module: boolean;
  program: string;
  args: string[];
}
export interface ShowCommand {
  kind: 'show';
  recording: string;
  json: string | undefined;
}
export const exportFormats = ['speedscope', 'collapsed'] as const;
export type ExportFormat = (typeof exportFormats)[number];
export interface ExportCommand {
  kind: 'export';
  recording: string;
  format: ExportFormat;
  output: string;
}
export type Command =
  | RunCommand
  | ShowCommand
  | ExportCommand
  | { kind: 'help' }
  | { kind: 'version' }
  /** What is wrong with the command line, one sentence. */
  | { kind: 'misuse'; message: string };

export const usage = `linescope: what every line of a Python program costs

  linescope run [options] [--] script.py [arguments…]
  linescope run [options] -m module [arguments…]
      Runs a program and prints what its lines cost after it ended. Its input, output and exit code stay its own.
      --json FILE          also write the report as JSON (- for standard output)
      --save FILE          keep the recording, as one .linescope file
      --python PATH        the interpreter (default: the active virtual environment, ./.venv, python3)
      --interval-us N      time between samples of a running thread, microseconds (default 1000);
                           below that, sampling may cost up to a tenth of the program's time
      --no-memory          do not measure memory
      --engine NAME        auto, native or portable (default auto)

  linescope show RECORDING [--json FILE]
      Prints a recording again: a .linescope file, a .lsp file or a run's folder.

  linescope export RECORDING --format FORMAT -o FILE
      Converts a recording for another viewer: speedscope or collapsed.

  linescope --help, --version
`;

class Misuse extends Error {}

/** Parses the arguments after `linescope`. Never throws. */
export function parseArguments(argv: readonly string[]): Command {
  try {
    const [command, ...rest] = argv;
    switch (command) {
      case 'run':
        return parseRun(rest);
      case 'show':
        return parseShow(rest);
      case 'export':
        return parseExport(rest);
      case 'diff':
        throw new Misuse(
          'linescope diff does not exist yet; write both reports with "linescope show RECORDING --json FILE" and compare those.',
        );
      case '--version':
      case '-V':
        return { kind: 'version' };
      case undefined:
      case 'help':
      case '--help':
      case '-h':
        return { kind: 'help' };
      default:
        throw new Misuse(
          command.endsWith('.py')
            ? `To profile ${command}, write: linescope run ${argv.join(' ')}`
            : `linescope has no command "${command}".`,
        );
    }
  } catch (error) {
    if (error instanceof Misuse) return { kind: 'misuse', message: error.message };
    throw error;
  }
}

function parseRun(argv: string[]): Command {
  const command: RunCommand = {
    kind: 'run',
    json: undefined,
    save: undefined,
    intervalUs: 1000,
    memory: true,
    engine: 'auto',
    python: undefined,
    module: false,
    program: '',
    args: [],
  };
  let at = 0;
  for (; at < argv.length && argv[at]!.startsWith('-') && argv[at] !== '-'; at++) {
    const { name, inline } = splitOption(argv[at]!);
    const value = (): string => inline ?? required(argv[++at], name);
    if (name === '--') {
      at++;
      break;
    }
    if (name === '-m') {
      command.module = true;
      at++;
      break;
    }
    if (name === '--json') command.json = value();
    else if (name === '--save') command.save = value();
    else if (name === '--python') command.python = value();
    else if (name === '--interval-us') command.intervalUs = interval(value());
    else if (name === '--no-memory') command.memory = false;
    else if (name === '--engine') command.engine = engine(value());
    else if (name === '--help' || name === '-h') return { kind: 'help' };
    else {
      throw new Misuse(
        `linescope run has no option ${name}; options of the program come after its name.`,
      );
    }
  }
  const program = argv[at];
  if (program === undefined || program === '') {
    throw new Misuse(
      command.module ? 'Name a module after -m.' : 'Name a Python file to run, or -m and a module.',
    );
  }
  if (program === '-') {
    throw new Misuse('A program cannot be read from standard input; write it to a file first.');
  }
  return { ...command, program, args: argv.slice(at + 1) };
}

function parseShow(argv: string[]): Command {
  let json: string | undefined;
  const positions: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const { name, inline } = splitOption(argv[at]!);
    if (name === '--json') json = inline ?? required(argv[++at], name);
    else if (name === '--help' || name === '-h') return { kind: 'help' };
    else if (name.startsWith('-')) throw new Misuse(`linescope show has no option ${name}.`);
    else positions.push(argv[at]!);
  }
  return { kind: 'show', recording: onlyRecording(positions), json };
}

function parseExport(argv: string[]): Command {
  let format: string | undefined;
  let output: string | undefined;
  const positions: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const { name, inline } = splitOption(argv[at]!);
    if (name === '--format' || name === '-f') format = inline ?? required(argv[++at], name);
    else if (name === '-o' || name === '--output') output = inline ?? required(argv[++at], name);
    else if (name === '--help' || name === '-h') return { kind: 'help' };
    else if (name.startsWith('-')) throw new Misuse(`linescope export has no option ${name}.`);
    else positions.push(argv[at]!);
  }
  const known = exportFormats.find((candidate) => candidate === format);
  if (!known) {
    const asked = format === undefined ? 'Name a format' : `There is no export to "${format}" yet`;
    throw new Misuse(`${asked}; --format takes ${exportFormats.join(' or ')}.`);
  }
  if (output === undefined)
    throw new Misuse('Name the file to write with -o FILE (- for standard output).');
  return { kind: 'export', recording: onlyRecording(positions), format: known, output };
}

function onlyRecording(positions: string[]): string {
  const [recording] = positions;
  if (recording === undefined) {
    throw new Misuse("Name a recording: a .linescope file, a .lsp file or a run's folder.");
  }
  if (positions.length > 1) throw new Misuse(`Name one recording, not ${positions.length}.`);
  return recording;
}

/** `--json=x` → name --json, inline x. Values of the form `-x` stay names. */
function splitOption(text: string): { name: string; inline: string | undefined } {
  const equals = text.startsWith('--') ? text.indexOf('=') : -1;
  return equals < 0
    ? { name: text, inline: undefined }
    : { name: text.slice(0, equals), inline: text.slice(equals + 1) };
}

function required(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new Misuse(`${option} needs a value.`);
  return value;
}

function interval(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 50 || value > 1_000_000) {
    throw new Misuse(
      `--interval-us takes a whole number of microseconds from 50 to 1000000, not "${text}".`,
    );
  }
  return value;
}

function engine(text: string): RunCommand['engine'] {
  if (text === 'auto' || text === 'native') return text;
  if (text === 'portable') {
    throw new Misuse('The portable engine does not exist yet; use --engine native on Linux.');
  }
  throw new Misuse(`There is no engine "${text}"; --engine takes auto, native or portable.`);
}
