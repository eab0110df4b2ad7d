import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import type { FileAnnotations, LineAnnotation } from '../../protocol/lsp';
import { barLength } from '../../profile/words/annotation';
import { shiftAnnotations, type LineChange } from './edits';

/** What the server says about each file, kept beside its lines while the user types. Files are known by real path. */
export class Annotations implements vscode.Disposable {
  readonly #files = new Map<string, FileAnnotations>();
  /** Real paths of documents, by URI: looking them up is asynchronous, and drawing should not flicker. */
  readonly #realPaths = new Map<string, Promise<string>>();
  readonly #closed: vscode.Disposable;
  readonly #changed = new vscode.EventEmitter<string>();
  /** The server has said something new about a file: its real path. */
  readonly onDidChange = this.#changed.event;
  #hottest = 0;

  constructor() {
    this.#closed = vscode.workspace.onDidCloseTextDocument(({ uri }) =>
      this.#realPaths.delete(String(uri)),
    );
  }

  /** The share of the run that the hottest line of all files has, 0 when there is none. */
  get hottest(): number {
    return this.#hottest;
  }

  /** Replaces what is known about one file. */
  set(file: FileAnnotations): void {
    if (file.lines.length + file.functions.length > 0) this.#files.set(file.path, file);
    else this.#files.delete(file.path);
    this.#findHottest();
    this.#changed.fire(file.path);
  }

  /** Forgets the files of all runs but one; undefined: of all. */
  keepOnly(run: string | undefined): void {
    const others = [...this.#files].filter(([, file]) => file.run !== run).map(([path]) => path);
    for (const path of others) this.#files.delete(path);
    this.#findHottest();
    for (const path of others) this.#changed.fire(path);
  }

  /** Moves the annotations of a file along with an edit, until the server sends new ones. */
  edit(path: string, changes: readonly LineChange[]): void {
    const file = this.#files.get(path);
    if (!file) return;
    const { lines, functions } = file;
    this.#files.set(path, {
      ...file,
      lines: changes.reduce(shiftAnnotations, lines),
      functions: changes.reduce(shiftAnnotations, functions),
    });
  }

  /** All that is known of one file, by real path. */
  file(path: string): Readonly<FileAnnotations> | undefined {
    return this.#files.get(path);
  }

  /** Annotations of one file by real path, in order of lines. */
  of(path: string): readonly LineAnnotation[] {
    return this.#files.get(path)?.lines ?? [];
  }

  /** Every annotated file. */
  paths(): string[] {
    return [...this.#files.keys()];
  }

  /** The real path of a file on disk: what the server calls it. */
  realPath(uri: vscode.Uri): Promise<string> {
    const key = String(uri);
    const known = this.#realPaths.get(key);
    if (known) return known;
    const found = fs.realpath(uri.fsPath).catch(() => uri.fsPath);
    this.#realPaths.set(key, found);
    return found;
  }

  #findHottest(): void {
    this.#hottest = 0;
    for (const { lines } of this.#files.values()) {
      for (const line of lines) {
        if (line.kind === 'self') this.#hottest = Math.max(this.#hottest, barLength(line.bar));
      }
    }
  }

  dispose(): void {
    this.#closed.dispose();
    this.#changed.dispose();
  }
}
