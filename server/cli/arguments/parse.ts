/** Parses the command line of `lineheat`; options.ts lists its commands and options. */
import {
  allNames,
  commands,
  completionsOptions,
  exportFormats,
  exportOptions,
  shells,
  showOptions,
  type CommandName,
  type ExportFormat,
  type Option,
  type Shell,
} from './options';
import { nearest } from './nearest';
import { Misuse } from './misuse';
import { parseRun, type RunCommand } from './runArguments';
import { Words } from './words';

export interface ShowCommand {
  kind: 'show';
  recording: string;
  json: string | undefined;
  quiet: boolean;
}
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
  | { kind: 'completions'; shell: Shell }
  | { kind: 'help'; topic?: CommandName }
  | { kind: 'version' }
  /** What is wrong with the command line, one sentence. */
  | { kind: 'misuse'; message: string; topic?: CommandName };

const commandNames = commands.map(({ name }) => name);

/** Parses the arguments after `lineheat`. Never throws. */
export function parseArguments(argv: readonly string[]): Command {
  const [word, ...rest] = argv;
  const topic = commands.find(({ name }) => name === word)?.name;
  try {
    switch (topic) {
      case 'run':
        return parseRun(rest) ?? { kind: 'help', topic };
      case 'show':
        return parseShow(rest);
      case 'export':
        return parseExport(rest);
      case 'completions':
        return parseCompletions(rest);
      case undefined:
        return parseOther(argv);
    }
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    return { kind: 'misuse', message: error.message, ...(topic && { topic }) };
  }
}

function parseOther([word, ...rest]: readonly string[]): Command {
  if (word === '--version' || word === '-V') return { kind: 'version' };
  if (word === undefined || ['help', '--help', '-h'].includes(word)) {
    const topic = commands.find(({ name }) => name === rest[0])?.name;
    return { kind: 'help', ...(topic && { topic }) };
  }
  if (word === 'diff') {
    throw new Misuse(
      'lineheat diff does not exist yet; write both reports with "lineheat show RECORDING --json FILE" and compare those.',
    );
  }
  if (word === 'record') {
    throw new Misuse(
      `To record a program, write: lineheat run -o FILE ${rest.length > 0 ? '…' : 'script.py'}`,
    );
  }
  if (/\.(lineheat|linescope|lsp)$/.test(word)) {
    throw new Misuse(`To see a recording, write: lineheat show ${word}`);
  }
  throw new Misuse(
    /\.py$|^-[mc]$/.test(word)
      ? `To profile ${/^-/.test(word) ? 'it' : word}, write: lineheat run ${[word, ...rest].join(' ')}`
      : `lineheat has no command "${word}"${didYouMean(word, commandNames)}`,
  );
}

function parseShow(argv: string[]): Command {
  let json: string | undefined;
  let quiet = false;
  const parsed = parsePlain(argv, 'show', showOptions, ({ name, value }) => {
    if (name === '--json') json = value;
    else quiet = true;
  });
  if (!parsed) return { kind: 'help', topic: 'show' };
  return { kind: 'show', recording: onlyRecording(parsed), json, quiet };
}

function parseExport(argv: string[]): Command {
  let format: string | undefined;
  let output: string | undefined;
  const parsed = parsePlain(argv, 'export', exportOptions, ({ name, value }) => {
    if (name === '-f') format = value;
    else output = value;
  });
  if (!parsed) return { kind: 'help', topic: 'export' };
  const known = exportFormats.find((candidate) => candidate === format);
  if (!known) {
    const asked = format === undefined ? 'Name a format' : `There is no export to "${format}" yet`;
    throw new Misuse(`${asked}; --format takes ${exportFormats.join(' or ')}.`);
  }
  if (output === undefined)
    throw new Misuse('Name the file to write with -o FILE (- for standard output).');
  return { kind: 'export', recording: onlyRecording(parsed), format: known, output };
}

function parseCompletions(argv: string[]): Command {
  const parsed = parsePlain(argv, 'completions', completionsOptions, () => undefined);
  if (!parsed) return { kind: 'help', topic: 'completions' };
  const shell = shells.find((name) => name === parsed[0]);
  if (!shell || parsed.length > 1) throw new Misuse(`Name one shell: ${shells.join(', ')}.`);
  return { kind: 'completions', shell };
}

function didYouMean(typed: string, words: readonly string[]): string {
  const meant = nearest(typed, words);
  return meant ? `; did you mean ${meant}?` : '.';
}

/** Parses a command line without a program. Returns the words that are no options; undefined when help was asked for. */
function parsePlain(
  argv: string[],
  command: CommandName,
  options: readonly Option[],
  take: (option: { name: string; value: string }) => void,
): string[] | undefined {
  const words = new Words(argv);
  const positions: string[] = [];
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    const option = words.option(options);
    if (option?.name === '-h') return undefined;
    if (option) {
      take(option);
    } else if (word === '--') {
      words.next();
      return [...positions, ...words.rest()];
    } else if (word.startsWith('-') && word !== '-') {
      const name = word.replace(/=.*$/s, '');
      throw new Misuse(
        `lineheat ${command} has no option ${name}${didYouMean(name, allNames(options))}`,
      );
    } else {
      positions.push(words.next()!);
    }
  }
  return positions;
}

function onlyRecording(positions: string[]): string {
  const [recording] = positions;
  if (recording === undefined) {
    throw new Misuse("Name a recording: a .lineheat file, a .lsp file or a run's folder.");
  }
  if (positions.length > 1) throw new Misuse(`Name one recording, not ${positions.length}.`);
  return recording;
}
