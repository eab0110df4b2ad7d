/** Notes about child processes that did not end by themselves. */
import { constants } from 'node:os';
import type { ProcessInfo } from '../../profile/types';
import type { Note } from '../reading/recordingFile';

/** Signals with which a program asks another to end. */
const requests: readonly number[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'].map(
  (name) => constants.signals[name as NodeJS.Signals],
);
const kill = constants.signals.SIGKILL;

/** Crashes that have a note of their own; more are only counted. */
const mostCrashes = 5;

/** One note for those that were stopped, one for each that crashed, and one for those of which nothing is known. */
export function childNotes(lost: readonly ProcessInfo[]): Note[] {
  const stopped: ProcessInfo[] = [];
  const crashed: ProcessInfo[] = [];
  const unknown: ProcessInfo[] = [];
  for (const child of lost) {
    const { endedBy } = child;
    if (!endedBy) unknown.push(child);
    else if (endedBy.byParent || requests.includes(endedBy.signal)) stopped.push(child);
    else crashed.push(child);
  }
  return [
    ...stoppedNote(stopped),
    ...crashed.slice(0, mostCrashes).map(crashNote),
    ...moreCrashes(crashed.length - mostCrashes),
    ...unknownNote(unknown),
  ];
}

function moreCrashes(count: number): Note[] {
  if (count <= 0) return [];
  const text = `${count} more child ${count === 1 ? 'process' : 'processes'} crashed or ${count === 1 ? 'was' : 'were'} killed.`;
  return [{ severity: 'warning', text }];
}

/** Pools and servers end their workers with a signal: nothing is wrong with that. */
function stoppedNote(stopped: readonly ProcessInfo[]): Note[] {
  if (stopped.length === 0) return [];
  const signals = [...new Set(stopped.map(({ endedBy }) => nameOf(endedBy!.signal)))].join(', ');
  const byParent = stopped.every(({ endedBy }) => endedBy!.byParent);
  const who =
    stopped.length === 1 ? 'A child process was' : `${stopped.length} child processes were`;
  const how = byParent ? `stopped by the program (${signals})` : `asked to end (${signals})`;
  const text = `${who} ${how}, as is usual for workers; everything up to then is in the figures.`;
  return [{ severity: 'information', text }];
}

function crashNote({ pid, endedBy }: ProcessInfo): Note {
  const { signal } = endedBy!;
  const how =
    signal === kill
      ? 'was killed (SIGKILL), by the kernel if memory ran out or else by another program'
      : `crashed (${nameOf(signal)})`;
  const text = `Child process ${pid} ${how}; everything recorded up to then is shown.`;
  return { severity: 'warning', text };
}

/** Of these no recorded process says how they ended: their parent was not recorded, or has not waited for them. */
function unknownNote(unknown: readonly ProcessInfo[]): Note[] {
  if (unknown.length === 0) return [];
  const who =
    unknown.length === 1 ? 'A child process was' : `${unknown.length} child processes were`;
  const text = `${who} ended by a signal; everything recorded up to then is shown.`;
  return [{ severity: 'information', text }];
}

function nameOf(signal: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return name ?? `signal ${signal}`;
}
