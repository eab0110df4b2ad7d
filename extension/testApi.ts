import type { RunStatus } from '../protocol/lsp';
import type { AnnotatedEditors, DrawnLine } from './code/annotatedEditors';
import type { Annotations } from './code/annotations';
import type { PartHeat } from './code/partHeat';
import type { FlameChart } from './flame/chart';
import { told, type Severity } from './messages';
import type { Runner, RunState } from './run/runner';
import type { Runs, ShownRun } from './run/runs';
import type { Status } from './status';

/** True in the journeys of test/editor, which set this variable; only they get the test API. */
export function isUnderTest(): boolean {
  return process.env['LINEHEAT_TEST_API'] === '1';
}

/** For tests only: decorations and messages cannot be read back from the editor. */
export interface TestApi {
  /** Evaluating the bundle and running activate, milliseconds. */
  activationMs: number;
  runState(): RunState;
  shownRun(): ShownRun | undefined;
  runStatus(): RunStatus | undefined;
  /** What is drawn beside the code of a file, by real path. */
  annotations(path: string): readonly DrawnLine[];
  annotatedPaths(): string[];
  /** What is underlined of the line with the caret. */
  lineParts(): PartHeat['shown'];
  /** How long the last edits kept the extension busy with annotations, milliseconds each. */
  followsMs(): readonly number[];
  statusText(): string;
  /** Everything the user was told, oldest first. */
  messages(): readonly { severity: Severity; text: string }[];
  /** What the flame chart has taken; undefined when it is not open. */
  flame(): Readonly<{ chunks: number; bytes: number; done: boolean }> | undefined;
}

export function createTestApi(
  activationMs: number,
  parts: {
    annotations: Annotations;
    editors: AnnotatedEditors;
    partHeat: PartHeat;
    runner: Runner;
    runs: Runs;
    status: Status;
    flameChart: FlameChart;
  },
): TestApi {
  const { annotations, editors, partHeat, runner, runs, status, flameChart } = parts;
  return {
    activationMs,
    runState: () => runner.state,
    shownRun: () => runs.shown,
    runStatus: () => runs.status,
    annotations: (path) => editors.drawn(path),
    annotatedPaths: () => annotations.paths(),
    lineParts: () => partHeat.shown,
    followsMs: () => editors.followsMs,
    statusText: () => status.text,
    messages: () => told,
    flame: () => flameChart.sent,
  };
}
