import * as vscode from 'vscode';
import { commands, isMemoryMetric } from '../../protocol/lsp';
import type { Server } from '../client';
import { say } from '../messages';
import type { Runs } from '../run/runs';
import { currentMetric } from '../settings';

/** Says once of each run that its memory was not measured, when the user chooses a metric of memory: the editor stays empty. */
export function registerMemoryNotice(server: Server, runs: Runs): vscode.Disposable {
  /** The run of which it was said. */
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
