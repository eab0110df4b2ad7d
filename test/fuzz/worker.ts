/**
 * Tries mutants that its parent names, one after the other, and says of each what it cost. A process of its own, because a
 * mutant may end it or never let go of it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFiles } from './files';
import { mutant, type Files } from './mutate';
import { readSeeds } from './seeds';
import { useRecording } from './use';

export interface Task {
  seed: number;
  index: number;
}
export interface Verdict extends Task {
  /** What was wrong, undefined when nothing was. */
  problem: string | undefined;
  cpuMs: number;
  /** By how many bytes the process grew meanwhile, at the most; undefined where that cannot be told. */
  grown: number | undefined;
  size: number;
}

const folder = mkdtempSync(join(tmpdir(), 'lineheat-fuzz-'));
const seeds = readSeeds();
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('disconnect', () => process.exit(0));
process.on('message', (task: Task) => process.send!(tryOut(task)));
process.send!('ready');

function tryOut(task: Task): Verdict {
  const files = mutant(seeds, task.seed, task.index);
  const path = write(files);
  const size = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  const before = forgetPeak();
  const cpu = process.cpuUsage();
  let problem: string | undefined;
  try {
    problem = useRecording(path);
  } catch (error) {
    problem = `uncaught: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const { user, system } = process.cpuUsage(cpu);
  const peak = memory('VmHWM');
  const grown = before === undefined || peak === undefined ? undefined : peak - before;
  return { ...task, problem, cpuMs: (user + system) / 1000, grown, size };
}

/** Puts the files where they can be opened: a folder with all, or the one that is a recording by itself. */
function write(files: Files): string {
  const place = join(folder, 'run');
  rmSync(place, { recursive: true, force: true });
  return writeFiles(place, files);
}

/** Lets the kernel begin anew with the most memory that the process had. Returns what it has. */
function forgetPeak(): number | undefined {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    return undefined;
  }
  return memory('VmRSS');
}

function memory(name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync('/proc/self/status', 'utf8'),
  );
  return found ? Number(found[1]) * 1024 : undefined;
}
