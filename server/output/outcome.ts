/** One sentence on how a run went, for the person who pressed Profile. */
import type { EndRunResult } from '../../protocol/lsp';
import { cpuOf } from '../../profile/cost';
import { baseName } from '../../profile/paths';
import type { Profile } from '../../profile/types';
import type { Fold } from '../../profile/view/fold';
import {
  fewSamples,
  formatPercent,
  formatSamples,
  formatSeconds,
} from '../../profile/words/numbers';
import type { Run } from '../reading/run';

/**
 * Says how a run went. `exit` is the program's exit code where it is known; `stopped`: the user ended it; `own` folds
 * libraries into the user's own code.
 */
export function describeEnd(
  run: Run,
  exit: number | undefined,
  stopped: boolean,
  own?: Fold,
): EndRunResult {
  const profile = run.profile();
  const name = run.programName();
  const how = ending(exit, stopped);
  if (run.processCount === 0) {
    const message = `${name} ${how}. ${nothingRecorded(run, exit)}`;
    return { severity: 'warning', message, hasFigures: false };
  }
  const after = `${name} ${how} after ${formatSeconds(profile.elapsedNs)}`;
  if (profile.samples < fewSamples) {
    const interval = (profile.processes[0]?.intervalNs ?? 0) / 1e6;
    return {
      severity: 'information',
      hasFigures: false,
      message: `${after}, too soon to say much: ${formatSamples(profile.samples)}, taken every ${interval} ms of CPU time. Give it more work to do.`,
    };
  }
  // A user who stopped the program knows that it was ended.
  const problem = run
    .notes()
    .find(({ severity, code }) => severity !== 'information' && !(stopped && code === 'killed'));
  const hottest = hottestOf(run, own);
  const summary = `${after}: ${formatSeconds(profile.cpuNs)} CPU, ${formatSamples(profile.samples)}${
    hottest ? `, hottest line ${hottest.words}` : ''
  }.`;
  return {
    severity: problem?.severity ?? 'information',
    hasFigures: hottest !== undefined,
    message: problem ? `${summary} ${problem.text}` : summary,
    ...(hottest ? { hottest: { path: hottest.path, line: hottest.line } } : {}),
  };
}

/**
 * Why no process of a run wrote a recording, as far as can be told, and what to do. `command`: what was run, where that is
 * anything that may start Python.
 */
export function nothingRecorded(run: Run, exit: number | undefined, command?: string): string {
  const [note] = run.notes();
  if (note) return note.text;
  if (command !== undefined) {
    return (
      `Nothing was recorded: ${command} started no Python program that the engine could be loaded into. It cannot be loaded ` +
      'into a program that is statically linked, has more rights (such as sudo), or runs in a container.'
    );
  }
  if (exit === 127 || exit === 126)
    return 'Nothing was recorded, because the interpreter could not be started. The terminal says why; choose another interpreter.';
  return (
    'Nothing was recorded: the engine was not loaded into a Python interpreter. This happens when the interpreter, or a ' +
    'program that starts it, is statically linked, has more rights (such as sudo), or is started by a service that was ' +
    'already running, such as a container’s. Choose the Python interpreter itself instead of a wrapper.'
  );
}

function ending(exit: number | undefined, stopped: boolean): string {
  if (stopped) return 'was stopped';
  if (exit === undefined || exit === 0) return 'ended';
  return `failed with exit code ${exit}`;
}

interface HotLine {
  path: string;
  line: number;
  /** `a.py:12 (80 %)`. */
  words: string;
}

/** The hottest line, or where that is a line of a library, the hottest of the user's own lines with what it called there. */
function hottestOf(run: Run, own: Fold | undefined): HotLine | undefined {
  const hottest = hottestLine(run.profile());
  if (!hottest || !own || own.keepsFile(hottest.path)) return hottest;
  const mine = hottestLine(run.viewed({ fold: own }));
  if (!mine || !own.keepsFile(mine.path)) return hottest;
  return { ...mine, words: `of your own code ${mine.words}` };
}

function hottestLine(profile: Profile): HotLine | undefined {
  let best: { path: string; line: number; cost: number } | undefined;
  for (const [path, { lines }] of profile.files) {
    // `<frozen importlib…>` and the like are no files that could be opened.
    if (path.startsWith('<')) continue;
    for (const { line, self } of lines) {
      const cost = cpuOf(self);
      if (cost > (best?.cost ?? 0)) best = { path, line, cost };
    }
  }
  const total = cpuOf(profile.total);
  if (!best || total === 0) return undefined;
  const { path, line, cost } = best;
  return { path, line, words: `${baseName(path)}:${line} (${formatPercent(cost / total)})` };
}
