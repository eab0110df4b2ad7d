/** The command line tool: profile a program, show a recording, convert it. Messages go to stderr, data where asked. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { parseArguments, usage, type Command, type RunCommand } from './arguments';
import { cannotWrite, runProgram } from './run';
import { toCollapsed, toSpeedscope } from '../export';
import { allFlameTables } from '../flameTables';
import { nothingRecorded } from '../outcome';
import { buildReport } from '../report';
import { Run } from '../run';
import { terminalStyle, showRun } from './text';
import { version } from '../version';

/** What the shell sees when the tool itself could not do its work. */
const misuse = 2;
const failed = 1;

async function main(argv: string[]): Promise<number> {
  const command = parseArguments(argv);
  switch (command.kind) {
    case 'help':
      process.stdout.write(usage);
      return 0;
    case 'version':
      process.stdout.write(`linescope ${version}\n`);
      return 0;
    case 'misuse':
      say(`${command.message}\nSee linescope --help.`);
      return misuse;
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
  const outcome = await runProgram(command, __dirname, say);
  if (!outcome.started) {
    say(outcome.message);
    return misuse;
  }
  const { run: recorded, exitCode } = outcome;
  let keep = false;
  try {
    if (recorded.processCount === 0) {
      say(nothingRecorded(recorded, exitCode));
    } else {
      process.stderr.write(showRun(recorded, terminalStyle(process.stderr, process.env)));
    }
    if (command.json !== undefined) keep = !writeReport(recorded, command.json) || keep;
    if (command.save !== undefined) keep = !save(recorded, command.save) || keep;
  } catch (error) {
    say(`The report could not be made: ${messageOf(error)}.`);
    keep = true;
  }
  if (keep) say(`The recording was kept in ${outcome.keep()}; open it with linescope show.`);
  else outcome.dispose();
  return exitCode;
}

function show(command: Extract<Command, { kind: 'show' | 'export' }>): number {
  let recorded: Run;
  try {
    recorded = Run.open(command.recording, false);
  } catch (error) {
    say(messageOf(error));
    return misuse;
  }
  try {
    recorded.readAll();
    if (recorded.processCount === 0) {
      const [note] = recorded.notes();
      say(note?.text ?? `${command.recording} holds no recording: there is no .lsp file in it.`);
      return misuse;
    }
    if (command.kind === 'show') {
      process.stdout.write(showRun(recorded, terminalStyle(process.stdout, process.env)));
      return command.json === undefined || writeReport(recorded, command.json) ? 0 : failed;
    }
    const tables = allFlameTables(recorded);
    const text =
      command.format === 'speedscope'
        ? toSpeedscope(tables, recorded.programName())
        : toCollapsed(tables);
    return writeText(command.output, text) ? 0 : failed;
  } finally {
    recorded.close();
  }
}

function writeReport(recorded: Run, path: string): boolean {
  const report = buildReport(recorded.profile(), recorded.notes());
  return writeText(path, [`${JSON.stringify(report, undefined, 1)}\n`]);
}

function save(recorded: Run, path: string): boolean {
  try {
    recorded.save(path);
    return true;
  } catch (error) {
    say(`${path} could not be written: ${messageOf(error)}.`);
    return false;
  }
}

/** Writes text, to standard output for `-`. Says what went wrong and returns false when it cannot. */
function writeText(path: string, pieces: Iterable<string>): boolean {
  try {
    const fd = path === '-' ? 1 : openSync(path, 'w');
    for (const text of pieces) {
      const bytes = Buffer.from(text);
      writeAll(fd, bytes);
    }
    if (fd !== 1) closeSync(fd);
    return true;
  } catch (error) {
    // A reader such as `head` that has seen enough is not a failure.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return true;
    say(`${path} could not be written: ${messageOf(error)}.`);
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
  process.stderr.write(`linescope: ${text}\n`);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    say(`This should not have happened: ${error instanceof Error ? error.stack : String(error)}`);
    process.exitCode = failed;
  },
);
