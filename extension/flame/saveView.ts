import * as vscode from 'vscode';
import { fillPage, type SavedFormat } from '../../protocol/savedPage';
import { mention } from '../messages';
import { panelRoot } from './panelHtml';

const names: Record<SavedFormat, string> = {
  png: 'Picture (PNG)',
  svg: 'Picture (SVG)',
  html: 'Chart for any browser (HTML)',
};

/** Asks where a view of the flame chart is to be saved, and saves it there. */
export async function saveView(
  extensionUri: vscode.Uri,
  title: string,
  format: SavedFormat,
  data: ArrayBuffer,
): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `${title.replace(/[^\p{L}\p{N}._-]+/gu, '-') || 'run'}-flame-chart.${format}`;
  const target = await vscode.window.showSaveDialog({
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {}),
    filters: { [names[format]]: [format] },
    title: 'Save the Flame Chart',
  });
  if (!target) return;
  const bytes = format === 'html' ? await withCode(extensionUri, data) : new Uint8Array(data);
  await vscode.workspace.fs.writeFile(target, bytes);
  mention(`The flame chart is saved in ${vscode.workspace.asRelativePath(target)}.`);
}

/** Puts the panel's script and style into the page. */
async function withCode(extensionUri: vscode.Uri, page: ArrayBuffer): Promise<Uint8Array> {
  const read = async (file: string): Promise<string> => {
    const uri = vscode.Uri.joinPath(panelRoot(extensionUri), file);
    return Buffer.from(await vscode.workspace.fs.readFile(uri)).toString('utf8');
  };
  const [script, style] = await Promise.all([read('main.js'), read('main.css')]);
  return new TextEncoder().encode(fillPage(new TextDecoder().decode(page), script, style));
}
