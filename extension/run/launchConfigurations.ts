import * as vscode from 'vscode';
import { launchOfConfiguration, type Launch } from './launch';
import { UserError } from '../messages';

/** Lets the user choose a Python launch configuration to prepare; undefined when the choice was abandoned. */
export async function pickLaunchConfiguration(): Promise<(() => Promise<Launch>) | undefined> {
  const found = (vscode.workspace.workspaceFolders ?? []).flatMap((folder) =>
    configurationsOf(folder).map((configuration) => ({
      label: configuration.name,
      description: [describeProgram(configuration), folder.name].join(' · '),
      configuration,
      folder,
    })),
  );
  if (found.length === 0) {
    throw new UserError(
      'No launch configuration of type python or debugpy was found. Add one to .vscode/launch.json, or profile the file itself.',
    );
  }
  const chosen = await vscode.window.showQuickPick(found, {
    title: 'Profile a Launch Configuration',
    placeHolder: 'Runs as launch.json says, without the debugger',
  });
  if (!chosen) return undefined;
  const activeFile = vscode.window.activeTextEditor?.document.uri;
  return () => launchOfConfiguration(chosen.configuration, chosen.folder, activeFile);
}

/** Configurations that start a Python program here; those that attach to one elsewhere cannot be run. */
function configurationsOf(folder: vscode.WorkspaceFolder): vscode.DebugConfiguration[] {
  const all: unknown = vscode.workspace
    .getConfiguration('launch', folder.uri)
    .get('configurations');
  return (Array.isArray(all) ? all : []).filter(
    (item: unknown): item is vscode.DebugConfiguration =>
      isConfiguration(item) &&
      ['python', 'debugpy'].includes(item.type) &&
      item.request === 'launch',
  );
}

function isConfiguration(item: unknown): item is vscode.DebugConfiguration {
  return typeof item === 'object' && item !== null && 'type' in item && 'name' in item;
}

function describeProgram(configuration: vscode.DebugConfiguration): string {
  const { module, program } = configuration as { module?: unknown; program?: unknown };
  return typeof module === 'string' ? `-m ${module}` : String(program ?? '');
}
