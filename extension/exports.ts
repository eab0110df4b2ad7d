import * as vscode from 'vscode';
import type { FileFigures, LineheatApi, ShownRun as ApiRun } from './api';
import type { Annotations } from './code/annotations';
import { barLength } from '../profile/words/annotation';
import { recordingOf } from './kept/recordings';
import { launchOfFile } from './run/launch';
import type { Runner } from './run/runner';
import type { Runs, ShownRun } from './run/runs';
import { fileToProfile } from './run/target';

/** Makes the interface for other extensions. Its values are copies, so that no extension can change ours. */
export function createExports(parts: {
  annotations: Annotations;
  runner: Runner;
  runs: Runs;
}): LineheatApi {
  const { annotations, runner, runs } = parts;
  return {
    version: 1,
    profileFile: async (chosen, options) => {
      const file = await fileToProfile(chosen);
      const args = options?.args && [...options.args];
      return runner.profile(() => launchOfFile(file, args), file.fsPath);
    },
    openRecording: (recording) => runs.open(recordingOf(recording)),
    get run() {
      return apiRun(runs.shown);
    },
    onDidChangeRun: (listener, self, disposables) =>
      runs.onDidChange((run) => listener.call(self, apiRun(run)), undefined, disposables),
    figuresOf: async (file) => figures(annotations, await annotations.realPath(file)),
    onDidChangeFigures: (listener, self, disposables) =>
      annotations.onDidChange(
        (path) => listener.call(self, vscode.Uri.file(path)),
        undefined,
        disposables,
      ),
  };
}

function apiRun(run: ShownRun | undefined): ApiRun | undefined {
  return run && { title: run.title, recording: vscode.Uri.file(run.path), isLive: run.live };
}

function figures(annotations: Annotations, path: string): FileFigures | undefined {
  const file = annotations.file(path);
  return (
    file && {
      metric: file.metric,
      lines: file.lines.map((annotation) => ({
        line: annotation.line - 1,
        share: barLength(annotation.bar),
        kind: annotation.kind,
        value: annotation.value,
        percent: annotation.percent,
        detail: annotation.detail,
        isStale: annotation.stale,
      })),
    }
  );
}
