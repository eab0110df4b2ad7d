import * as vscode from 'vscode';
import type { LineAnnotation } from '../../protocol/lsp';
import type { Server } from '../client';
import type { Annotations } from './annotations';
import { barLength } from '../../profile/words/annotation';
import { getLog, say } from '../messages';

/** Lines at least this hot count as hot; in a file without any, every annotated line does. */
const hotFrom = 2;

/**
 * Opens a source file at a line and column, 1-based (column 0: unknown), where it is open already or in `viewColumn`. Tells
 * the user when the file is not on this machine.
 */
export async function openSource(
  path: string,
  line: number,
  how: { column?: number; viewColumn?: vscode.ViewColumn; preserveFocus?: boolean } = {},
): Promise<void> {
  let document: vscode.TextDocument;
  try {
    document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
  } catch {
    const isFile = path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path);
    say(
      'warning',
      isFile
        ? `${path} cannot be opened on this machine. If the recording comes from elsewhere, say where its files are here with the setting lineheat.pathMappings.`
        : `${path || 'This frame'} has no source file, so there is nothing to open.`,
    );
    return;
  }
  const at = new vscode.Position(
    Math.min(Math.max(0, line - 1), document.lineCount - 1),
    Math.max(0, (how.column ?? 0) - 1),
  );
  const shown = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
  const viewColumn = shown?.viewColumn ?? how.viewColumn;
  const editor = await vscode.window.showTextDocument(document, {
    ...(viewColumn === undefined ? {} : { viewColumn }),
    preserveFocus: how.preserveFocus ?? false,
    selection: new vscode.Range(at, at),
  });
  editor.revealRange(
    new vscode.Range(at, at),
    vscode.TextEditorRevealType.InCenterIfOutsideViewport,
  );
}

/**
 * Moves the cursor to the next (1) or previous (−1) hot line of the active file, and from the last to the first; in a file
 * without figures, to the hottest line of all files.
 */
export async function goToHotLine(
  annotations: Annotations,
  server: Server,
  direction: 1 | -1,
): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const path =
    editor?.document.uri.scheme === 'file'
      ? await annotations.realPath(editor.document.uri)
      : undefined;
  const here = path === undefined ? [] : hotLines(annotations.of(path));
  if (!editor || path === undefined || here.length === 0) {
    await goToHottest(annotations, server);
    return;
  }
  const cursor = editor.selection.active.line + 1;
  const target =
    direction === 1
      ? (here.find(({ line }) => line > cursor) ?? here[0])
      : (here.findLast(({ line }) => line < cursor) ?? here.at(-1));
  if (!target) return;
  await openSource(editor.document.uri.fsPath, target.line);
  const place = `${here.indexOf(target) + 1} of ${here.length}`;
  const text = `Hot line ${place}: ${[target.value, target.percent, target.detail].join('  ').trim()}`;
  vscode.window.setStatusBarMessage(text, 4000);
  getLog().debug(text);
}

/** Opens the file with the hottest line of the shown run, at that line: the user's own, where there is one. */
export async function goToHottest(annotations: Annotations, server: Server): Promise<void> {
  const hasFigures = annotations.paths().length > 0;
  const [own] = hasFigures ? (await server.hotList({ of: 'lines', own: true })).rows : [];
  if (own) {
    await openSource(own.path, own.line);
    return;
  }
  const hottest = annotations
    .paths()
    .flatMap((path) => annotations.of(path).map((annotation) => ({ path, annotation })))
    .sort((a, b) => ownLength(b.annotation) - ownLength(a.annotation))[0];
  if (hottest) await openSource(hottest.path, hottest.annotation.line);
  else say('information', 'No line is hot yet. Profile a file, or open a recording, first.');
}

function hotLines(all: readonly LineAnnotation[]): LineAnnotation[] {
  const lines = all.filter(({ stale }) => !stale);
  const hot = lines.filter(({ heat, kind }) => heat >= hotFrom && kind === 'self');
  return (hot.length > 0 ? hot : lines).toSorted((a, b) => a.line - b.line);
}

function ownLength(line: LineAnnotation): number {
  return line.kind === 'self' ? barLength(line.bar) : 0;
}
