import * as vscode from 'vscode';
import { commands, isMemoryMetric } from '../../protocol/lsp';
import type { Server } from '../client';
import { say } from '../messages';
import type { Runs } from '../run/runs';
import { currentMetric } from '../settings';

/** Says once of a run that memory was not measured in it, when somebody asks for memory: the editor would only be empty. */
export function registerMemoryNotice(server: Server, runs: Runs): vscode.Disposable {
  let told = '';
  const check = (): void => {
    const { status, shown } = runs;
    if (!shown || status?.state !== 'ended' || status.memory || told === shown.run) return;
    if (!isMemoryMetric(currentMetric())) return;
    told = shown.run;
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
