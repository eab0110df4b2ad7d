/**
 * Every command and option of `lineheat`, once: the parser, the help and the completions of shells are made from
 * this table, so that they cannot disagree.
 */

import { defaultLimitBytes } from '../../../protocol/lsp';

export const exportFormats = ['speedscope', 'collapsed'] as const;
export type ExportFormat = (typeof exportFormats)[number];
export const engines = ['auto', 'native', 'portable'] as const;
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export interface Option {
  /** All spellings; the help leads with the first. */
  names: readonly [string, ...string[]];
  /** What the help calls its value; an option without one is a switch. */
  value?: string;
  /** What completes the value: a file, one of some words, or nothing. */
  completes?: 'file' | readonly string[];
  help: string;
  /** Accepted for users of other profilers: neither in the help nor completed. */
  silent?: boolean;
}

/** Every spelling of some options, to find the one that a mistyped word is nearest to. */
export function allNames(options: readonly Option[]): string[] {
  return options.flatMap(({ names }) => [...names]);
}

export const runOptions = [
  {
    names: ['-o', '--output'],
    value: 'FILE',
    completes: 'file',
    help: 'keep the recording, as one .lineheat file; if FILE ends in .json, write the report as JSON instead',
  },
  { names: ['--save'], value: 'FILE', completes: 'file', help: 'keep the recording in FILE' },
  {
    names: ['--json'],
    value: 'FILE',
    completes: 'file',
    help: 'write the report as JSON to FILE (- for standard output)',
  },
  {
    names: ['--python'],
    value: 'PATH',
    completes: 'file',
    help: 'the interpreter (default: the active virtual environment, ./.venv, python3; for a console script, its own)',
  },
  {
    names: ['--interval'],
    value: 'TIME',
    help: 'time between two samples of a running thread: 1ms (the default), 500us; below 1ms, sampling may cost up to a tenth of the program’s time',
  },
  { names: ['--rate'], value: 'HZ', help: 'the same as samples per second: 1000' },
  { names: ['--interval-us'], value: 'N', help: 'the same in microseconds: 1000' },
  {
    names: ['--limit'],
    value: 'SIZE',
    help: `what the recording may take of the disk while the program runs: ${defaultLimitBytes / 1e9}GB (the default), 500MB, none; beyond it, old time keeps its sums and loses its detail`,
  },
  { names: ['--no-memory', '--cpu-only'], help: 'do not measure memory' },
  {
    names: ['--engine'],
    value: 'NAME',
    completes: ['auto', 'native'],
    help: 'auto, native or portable (default: auto)',
  },
  { names: ['-q', '--quiet'], help: 'print no report; files are written all the same' },
  {
    names: ['--native', '--follow-fork', '--subprocesses'],
    help: 'always on: native code and child processes are measured without being asked for',
  },
  { names: ['-h', '--help'], help: 'print this help' },
] as const satisfies readonly Option[];

export const showOptions = [
  {
    names: ['--json', '-o', '--output'],
    value: 'FILE',
    completes: 'file',
    help: 'also write the report as JSON to FILE (- for standard output)',
  },
  { names: ['-q', '--quiet'], help: 'print no report' },
  { names: ['-h', '--help'], help: 'print this help' },
] as const satisfies readonly Option[];

export const exportOptions = [
  {
    names: ['-f', '--format'],
    value: 'FORMAT',
    completes: exportFormats,
    help: `one of: ${exportFormats.join(', ')}`,
  },
  {
    names: ['-o', '--output'],
    value: 'FILE',
    completes: 'file',
    help: 'the file to write (- for standard output)',
  },
  { names: ['-h', '--help'], help: 'print this help' },
] as const satisfies readonly Option[];

export const completionsOptions = [
  { names: ['-h', '--help'], help: 'print this help' },
] as const satisfies readonly Option[];

/** Words that stand among options and are none: those of Python, and --exec. */
export const programForms = [
  { name: '-m', help: 'run a module' },
  { name: '-c', help: 'run code' },
  { name: '--exec', help: 'run any command' },
] as const;

export const commands = [
  {
    name: 'run',
    options: runOptions,
    usage: [
      'run [options] script.py [arguments…]',
      'run [options] -m module [arguments…]',
      'run [options] -c code [arguments…]',
      'run [options] - [arguments…]',
      'run [options] --exec command [arguments…]',
    ],
    summary: 'run a program and print what its lines cost',
    help: [
      'Runs a program and prints what its lines cost after it has ended. Input, output and exit code stay the program’s own. The program is a Python file, a module, code, standard input (-), or a console script such as pytest, found as the shell finds it and run by its own interpreter. --exec runs any command, as a shell script that starts Python.',
      'Options of Python (-I -E -S -O -W -X -u -B …) may stand before the program; everything after it belongs to the program. Python itself may be named as well: lineheat run -- python -X dev script.py',
    ],
  },
  {
    name: 'show',
    options: showOptions,
    usage: ['show recording [options]'],
    summary: 'print a recording again',
    help: [
      'Prints what the lines of a recording cost. A recording is a .lineheat file, a .lsp file or a run’s folder.',
    ],
  },
  {
    name: 'export',
    options: exportOptions,
    usage: ['export recording --format format -o file'],
    summary: 'convert a recording for another viewer',
    help: ['Writes a recording in the format of another viewer.'],
  },
  {
    name: 'completions',
    options: completionsOptions,
    usage: ['completions bash|zsh|fish'],
    summary: 'print completions for a shell',
    help: [
      'Prints what makes a shell complete commands, options and files of lineheat.',
      'In bash, write in ~/.bashrc: eval "$(lineheat completions bash)"',
      'In zsh, write in ~/.zshrc, after compinit: eval "$(lineheat completions zsh)"',
      'For fish: lineheat completions fish > ~/.config/fish/completions/lineheat.fish',
    ],
  },
] as const satisfies readonly {
  name: string;
  options: readonly Option[];
  usage: readonly string[];
  summary: string;
  help: readonly string[];
}[];

export type CommandName = (typeof commands)[number]['name'];
