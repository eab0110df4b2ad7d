/** A run that is kept on disk: its description, and its words for people. Knows nothing of VS Code. */
import { formatSeconds } from '../../profile/words/numbers';
import { plainText } from '../../recording/plain';

/** A run, as the run.json in its folder describes it. Facts that only the list of runs shows may be missing. */
export interface KnownRun {
  run: string;
  runDir: string;
  /** What was profiled, as shown to the user. */
  program: string;
  /** What the user, or the launch configuration, calls the run; missing: as the program. */
  name?: string;
  /** The file that was profiled; missing where it was a module. */
  file?: string;
  /** Its tests were run. */
  tests?: boolean;
  /** The program's own arguments. */
  args?: string[];
  /** The whole command, interpreter first. */
  command?: string[];
  cwd?: string;
  startedUnixMs: number;
  /** False while the program may still be running, and when the editor went away before it ended. */
  ended: boolean;
  elapsedS?: number;
  cpuS?: number;
  /** The program's exit code, where it is known. */
  exit?: number;
  /** The user ended it. */
  stopped?: boolean;
  /** What was checked out in the program's folder when it started. */
  commit?: string;
  branch?: string;
  /** Kept until the user deletes it. */
  pinned?: boolean;
  /** The workspace it was started from. */
  workspace: string;
}

type Kind = 'string' | 'number' | 'boolean' | 'strings';

const required: Record<string, Kind> = {
  run: 'string',
  program: 'string',
  workspace: 'string',
  startedUnixMs: 'number',
  ended: 'boolean',
};
const optional: Record<string, Kind> = {
  name: 'string',
  file: 'string',
  tests: 'boolean',
  args: 'strings',
  command: 'strings',
  cwd: 'string',
  elapsedS: 'number',
  cpuS: 'number',
  exit: 'number',
  stopped: 'boolean',
  commit: 'string',
  branch: 'string',
  pinned: 'boolean',
};

/** The run that a description describes; undefined when it is none. A detail that is damaged is left out. */
export function parseKnownRun(description: unknown, runDir: string): KnownRun | undefined {
  if (typeof description !== 'object' || description === null) return undefined;
  const fields = description as Record<string, unknown>;
  if (!Object.entries(required).every(([name, kind]) => isKind(fields[name], kind))) {
    return undefined;
  }
  const known = Object.entries({ ...required, ...optional })
    .filter(([name, kind]) => isKind(fields[name], kind))
    .map(([name]) => [name, fields[name]]);
  // The folder may have been moved since.
  return { ...(Object.fromEntries(known) as unknown as KnownRun), runDir };
}

function isKind(value: unknown, kind: Kind): boolean {
  return kind === 'strings'
    ? Array.isArray(value) && value.every((item) => typeof item === 'string')
    : typeof value === kind;
}

/** What a person calls the run. */
export function runName({ name, program }: KnownRun): string {
  return plainText(name?.trim() ? name : program, 200);
}

/** When it began: the time of day, with the date unless that is today. */
export function startTime({ startedUnixMs }: KnownRun, language: string, now = new Date()): string {
  const started = new Date(startedUnixMs);
  if (Number.isNaN(started.getTime())) return '';
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  if (started.toDateString() === now.toDateString()) {
    return started.toLocaleTimeString(language, time);
  }
  const isThisYear = started.getFullYear() === now.getFullYear();
  return started.toLocaleString(language, {
    ...time,
    day: 'numeric',
    month: 'short',
    ...(isThisYear ? {} : { year: 'numeric' }),
  });
}

/** How the run ended; empty where the program ended by itself and without an error. */
export function outcome({ exit, stopped }: KnownRun): string {
  if (stopped) return 'stopped';
  return exit === undefined || exit === 0 ? '' : `exit ${exit}`;
}

export function hasFailed(run: KnownRun): boolean {
  return outcome(run).startsWith('exit');
}

/** `12.3 s · CPU 11.9 s`; empty where that is not known. */
export function figures({ elapsedS, cpuS }: KnownRun): string {
  const parts = [
    ...(elapsedS === undefined ? [] : [formatSeconds(elapsedS * 1e9)]),
    ...(cpuS === undefined ? [] : [`CPU ${formatSeconds(cpuS * 1e9)}`]),
  ];
  return parts.join(' · ');
}

/** Characters of arguments and of a commit for which a row has room. */
const longestArgs = 60;
const shortCommit = 7;

/** The row's grey part: time first, because a narrow Explorer cuts the end. */
export function runDetail(run: KnownRun, language: string, now?: Date): string {
  return [
    startTime(run, language, now),
    figures(run),
    outcome(run),
    plainText((run.args ?? []).map(quote).join(' '), longestArgs),
    run.commit === undefined ? '' : plainText(run.commit.slice(0, shortCommit)),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Everything known about the run, for its hover: names and values. */
export function runFacts(run: KnownRun, language: string): [string, string][] {
  const { name, program, commit, branch, command, exit } = run;
  const facts: [string, string | undefined][] = [
    ['Program', name === undefined ? undefined : program],
    ['Command', command?.map(quote).join(' ')],
    ['Folder', run.cwd],
    ['Started', new Date(run.startedUnixMs).toLocaleString(language)],
    ['Took', figures(run)],
    ['Ended', run.stopped ? 'stopped' : exit === undefined ? undefined : `exit code ${exit}`],
    ['Commit', commit && [commit.slice(0, 12), branch && `on ${branch}`].filter(Boolean).join(' ')],
  ];
  return facts.flatMap(([title, value]) => (value ? [[title, plainText(value, 1000)]] : []));
}

/** An argument as a shell would take it. */
export function quote(arg: string): string {
  return /^[\w./:=@%+,-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}
