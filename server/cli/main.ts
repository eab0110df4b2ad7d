/** The command line tool: profile a program, show a recording, convert it. Messages go to stderr, data where asked. */
import {
  closeSync,
  constants,
  copyFileSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainText } from '../../recording/plain';
import { parseArguments, type Command } from './arguments/parse';
import { completions } from './complete/completions';
import { helpText } from './arguments/help';
import { rawArguments } from './raw';
import type { RunCommand } from './arguments/runArguments';
import { cannotWrite, runProgram } from './run';
import { toCollapsed } from '../../formats/collapsed';
import { toSpeedscope } from '../../formats/speedscope';
import { allFlameTables } from '../output/flameTables';
import { sortNotes } from '../output/notes';
import type { Note } from '../reading/recordingFile';
import { nothingRecorded } from '../output/outcome';
import { sourceNotes } from './text/sourceNotes';
import { buildReport } from '../output/report';
import { isRaw, rawBytes, rawPath } from '../rawText';
import { Run } from '../reading/run';
import { terminalStyle, showRun } from './text/report';
import { version } from '../version';

/** Exit codes when the tool itself could not do its work. */
const misuse = 2;
const failed = 1;

async function main(argv: string[]): Promise<number> {
  const command = parseArguments(argv);
  switch (command.kind) {
    case 'help':
      process.stdout.write(helpText(command.topic));
      return 0;
    case 'version':
      process.stdout.write(`lineheat ${version}\n`);
      return 0;
    case 'misuse':
      say(`${command.message}\nSee lineheat ${command.topic ? `${command.topic} ` : ''}--help.`);
      return misuse;
    case 'completions':
      process.stdout.write(completions(command.shell));
      return 0;
    case 'run':
      return await run(command);
    case 'show':
    case 'export':
      return show(command);
  }
}

async function run(command: RunCommand): Promise<number> {
  for (const path of [command.json, command.save]) {
    const problem = path === undefined || path === '-' ? undefined : cannotWrite(path);
    if (problem) {
      say(`${problem} The program was not started.`);
      return misuse;
    }
  }
  command.hints.forEach(say);
  const outcome = await runProgram(command, __dirname, say);
  if (!outcome.started) {
    say(outcome.message);
    return misuse;
  }
  const { run: recorded, exitCode } = outcome;
  let keep = false;
  const notes = notesOf(recorded, outcome.signal);
  try {
    if (recorded.processCount === 0) {
      const any = command.form === 'command' ? plainText(command.program) : undefined;
      say(nothingRecorded(recorded, exitCode, any));
    } else if (!command.quiet) {
      const style = terminalStyle(process.stderr, process.env);
      process.stderr.write(showRun(recorded, style, notes));
    }
    if (command.json !== undefined) keep = !writeReport(recorded, notes, command.json) || keep;
    if (command.save !== undefined) keep = !save(recorded, command.save) || keep;
  } catch (error) {
    say(`The report could not be made: ${messageOf(error)}.`);
    keep = true;
  }
  if (keep) {
    const folder = outcome.keep();
    say(`The recording was kept in ${folder}. To see it, write: lineheat show ${folder}`);
  } else {
    outcome.dispose();
  }
  return exitCode;
}

function show(command: Extract<Command, { kind: 'show' | 'export' }>): number {
  let recorded: Run;
  try {
    recorded = Run.open(readablePath(command.recording), false);
  } catch (error) {
    say(messageOf(error));
    return misuse;
  }
  try {
    recorded.readAll();
    if (recorded.processCount === 0) {
      const [note] = recorded.notes();
      say(
        note?.text ??
          `${command.recording} holds no recording. Name a run's folder, a .lsp file or a .lineheat file.`,
      );
      return misuse;
    }
    if (command.kind === 'show') {
      const style = terminalStyle(process.stdout, process.env);
      const notes = notesOf(recorded, undefined);
      if (!command.quiet) process.stdout.write(showRun(recorded, style, notes));
      return command.json === undefined || writeReport(recorded, notes, command.json) ? 0 : failed;
    }
    const tables = allFlameTables(recorded);
    const text =
      command.format === 'speedscope'
        ? toSpeedscope(tables, recorded.programName(), `lineheat ${version}`)
        : toCollapsed(tables);
    return writeText(command.output, text) ? 0 : failed;
  } finally {
    recorded.close();
  }
}

/** The notes about a run; `signal` is the one that ended the program, where that is known. */
function notesOf(recorded: Run, signal: string | undefined): Note[] {
  const notes = recorded.notes().map((note): Note => {
    if (note.code !== 'killed' || signal === undefined) return note;
    // A user who presses Ctrl-C needs no warning.
    const isAsked = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'].includes(signal);
    const text = note.text.replace('a signal', `a signal (${signal})`);
    return { severity: isAsked ? 'information' : note.severity, text };
  });
  return sortNotes([...notes, ...sourceNotes(recorded.profile())]);
}

function writeReport(recorded: Run, notes: readonly Note[], path: string): boolean {
  const report = buildReport(recorded.profile(), notes);
  return writeText(path, [`${JSON.stringify(report, undefined, 1)}\n`]);
}

function save(recorded: Run, path: string): boolean {
  try {
    if (isRaw(path)) saveRaw(recorded, path);
    else recorded.save(path);
    return true;
  } catch (error) {
    say(`${plainText(path)} could not be written: ${messageOf(error)}. Name another file.`);
    return false;
  }
}

/** Saves under a name that is not UTF-8, by copying from one that is. */
function saveRaw(recorded: Run, path: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'lineheat-'));
  try {
    const saved = join(folder, 'run.lineheat');
    recorded.save(saved);
    copyFileSync(saved, rawBytes(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A name of a recording that Node's file system functions take, whatever bytes its own name has. */
function readablePath(path: string): string {
  if (!isRaw(path)) return path;
  try {
    return `/proc/self/fd/${openSync(rawBytes(path), constants.O_RDONLY | constants.O_NONBLOCK)}`;
  } catch (error) {
    throw new Error(`${plainText(path)} cannot be opened: ${messageOf(error)}. Check its name.`);
  }
}

/** Writes text, to standard output for `-`. Says what went wrong and returns false when it cannot. */
function writeText(path: string, pieces: Iterable<string>): boolean {
  try {
    const fd = path === '-' ? 1 : openSync(rawPath(path), 'w');
    for (const text of pieces) {
      const bytes = Buffer.from(text);
      writeAll(fd, bytes);
    }
    if (fd !== 1) closeSync(fd);
    return true;
  } catch (error) {
    // That a reader such as `head` stops reading is not a failure.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return true;
    say(`${plainText(path)} could not be written: ${messageOf(error)}. Name another file.`);
    return false;
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      // Standard output may be a pipe that does not block; its reader needs a moment.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function say(text: string): void {
  process.stderr.write(`lineheat: ${text}\n`);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}

main(rawArguments()).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const detail = error instanceof Error ? error.stack : String(error);
    say(`This should not have happened. Please report it, with these lines: ${detail}`);
    process.exitCode = failed;
  },
);
