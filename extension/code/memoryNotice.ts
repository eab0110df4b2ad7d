import * as vscode from 'vscode';
import { commands, isMemoryMetric } from '../../protocol/lsp';
import type { Server } from '../client';
import { say } from '../messages';
import type { Runs } from '../run/runs';
import { currentMetric } from '../settings';

/** Tells the user, once for each run, why a metric of memory shows nothing: the run's memory was not measured. */
export function registerMemoryNotice(server: Server, runs: Runs): vscode.Disposable {
  /** The run of which the user was told last. */
  let toldRun = '';
  const check = (): void => {
    const { status, shown } = runs;
    if (!shown || status?.state !== 'ended' || status.memory || toldRun === shown.run) return;
    if (!isMemoryMetric(currentMetric())) return;
    toldRun = shown.run;
    say(
      'information',
      `Memory was not measured in this run of ${shown.title}. Measure it from the next run on?`,
      {
        title: 'Measure Memory',
        run: () => vscode.commands.executeCommand(commands.turnOnMemory),
      },
    );
  };
  return vscode.Disposable.from(
    server.onRunStatus(check),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('lineheat.metric')) check();
    }),
  );
}
