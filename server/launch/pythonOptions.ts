/** How CPython reads its command line (Python/getopt.c): short options, alone or in groups, some with a value. */

/** Switches of CPython 3.9 – 3.15, without `-h` and `-V`, which only print something, and `-q`, which is Lineheat's. */
const switches = new Set('bBdEiIOPqRsSuvx');
const withValue = new Set('XW');
const hashPycs = '--check-hash-based-pycs';

/** What one word of a Python command line is. */
export type PythonWord =
  /** Options; `value`: the next word belongs to them. */
  | { kind: 'options'; words: string[]; value: boolean }
  /** `-m` or `-c`, which end the options. words: switches before it in the same word; inline: what follows it there. */
  | { kind: 'program'; form: 'module' | 'code'; words: string[]; inline: string | undefined };

/** Undefined when a word is not Python's option. */
export function readPythonWord(word: string): PythonWord | undefined {
  if (word === hashPycs) return { kind: 'options', words: [word], value: true };
  if (!/^-[^-]/.test(word)) return undefined;
  for (let at = 1; at < word.length; at++) {
    const letter = word[at]!;
    const rest = word.slice(at + 1);
    if (switches.has(letter)) continue;
    if (withValue.has(letter)) return { kind: 'options', words: [word], value: rest === '' };
    if (letter === 'm' || letter === 'c') {
      const before = word.slice(0, at);
      return {
        kind: 'program',
        form: letter === 'm' ? 'module' : 'code',
        words: before === '-' ? [] : [before],
        inline: rest === '' ? undefined : rest,
      };
    }
    return undefined;
  }
  return { kind: 'options', words: [word], value: false };
}

/** Whether a command is Python by its name: `python`, `/opt/bin/python3.12`. */
export function isPythonName(command: string): boolean {
  return /^(python|pypy)[\d.]*[a-z]?$/.test(command.slice(command.lastIndexOf('/') + 1));
}

/** What a Python command line runs with -c; undefined when it runs something else. */
export function codeOf(command: readonly string[]): string | undefined {
  return argumentOf(command, 'code');
}

/** The module that it runs with -m. */
export function moduleOf(command: readonly string[]): string | undefined {
  return argumentOf(command, 'module');
}

function argumentOf(command: readonly string[], form: 'code' | 'module'): string | undefined {
  for (let at = 1; at < command.length; at++) {
    const read = readPythonWord(command[at]!);
    if (!read) return undefined;
    if (read.kind === 'options') at += read.value ? 1 : 0;
    else return read.form === form ? (read.inline ?? command[at + 1]) : undefined;
  }
  return undefined;
}
