import * as vscode from 'vscode';
import type { Action } from '../messages';

/** A button that leads to where a launch configuration is written. */
export function openLaunchJson(name: string, folder: vscode.WorkspaceFolder): Action {
  return {
    title: 'Open launch.json',
    run: async () => {
      const uri = vscode.Uri.joinPath(folder.uri, '.vscode', 'launch.json');
      const document = await vscode.workspace.openTextDocument(uri).then(
        (found) => found,
        () => undefined,
      );
      const at = document?.getText().indexOf(JSON.stringify(name)) ?? -1;
      if (!document || at < 0) {
        // It may be in the workspace's own file, or in the user's settings.
        await vscode.commands.executeCommand('workbench.action.debug.configure');
        return;
      }
      const place = document.positionAt(at);
      await vscode.window.showTextDocument(document, {
        selection: new vscode.Range(place, place),
      });
    },
  };
}
