import * as vscode from 'vscode';
import { UserError } from '../messages';

/**
 * The file to profile: the one a menu was opened on, else the one in the active editor, saved. Throws a UserError that
 * says what to do when there is none that Python can run.
 */
export async function fileToProfile(chosen: unknown): Promise<vscode.Uri> {
  requireTrust();
  const uri =
    chosen instanceof vscode.Uri
      ? chosen
      : (vscode.window.activeNotebookEditor?.notebook.uri ??
        vscode.window.activeTextEditor?.document.uri);
  if (!uri) throw new UserError('No file is open. Open a Python file and profile it again.');
  if (uri.scheme === 'untitled') {
    throw new UserError('This file has no name yet, and Python runs files. Save it first.', {
      title: 'Save As…',
      run: () => vscode.commands.executeCommand('workbench.action.files.saveAs'),
    });
  }
  if (uri.scheme === 'vscode-notebook-cell' || uri.path.endsWith('.ipynb')) {
    throw new UserError(
      'Notebooks cannot be profiled yet. Export the notebook as a Python file and profile that.',
    );
  }
  if (uri.scheme !== 'file') {
    throw new UserError(
      `This file is not on disk (${uri.scheme}:), and Python can only run files that are. Save a copy and profile that.`,
    );
  }
  const isPython = (document: vscode.TextDocument) => document.languageId === 'python';
  const target = vscode.workspace.textDocuments.find(
    (document) => String(document.uri) === String(uri),
  );
  if (target ? !isPython(target) : !/\.pyw?$/.test(uri.path)) {
    throw new UserError(
      `${vscode.workspace.asRelativePath(uri)} is not a Python file. Open a Python file and profile it again.`,
    );
  }
  await saveSources(uri);
  return uri;
}

/** Throws unless the user trusts the workspace: profiling runs its code. */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new UserError(
    'Profiling runs the program, and this workspace is not trusted. Trust it to profile; recordings can be opened without.',
    {
      title: 'Manage Workspace Trust',
      run: () => vscode.commands.executeCommand('workbench.trust.manage'),
    },
  );
}

/** Saves every changed Python file on disk, since the program may import it and line numbers must agree. */
export async function saveSources(target?: vscode.Uri): Promise<void> {
  for (const document of vscode.workspace.textDocuments) {
    const { uri } = document;
    const isSource = uri.scheme === 'file' && document.languageId === 'python';
    if (!document.isDirty || !(isSource || String(uri) === String(target))) continue;
    if (!(await document.save())) {
      throw new UserError(
        `${vscode.workspace.asRelativePath(uri)} could not be saved, so the program was not started. Save it and profile again.`,
      );
    }
  }
}
